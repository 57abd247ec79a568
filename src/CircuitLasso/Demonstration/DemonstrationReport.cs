using System.Globalization;

namespace CircuitLasso;

/// <summary>The static report of <see cref="GrammarDemonstration"/>.</summary>
internal sealed class DemonstrationReport
{
    /// <summary>Title of the circuit's picture.</summary>
    public const string PictureTitle = "The circuit of the preference for the plural verb";

    private const int Paths = 8;
    private readonly DemonstrationRun _trained;
    private readonly DemonstrationRun _shuffled;
    private readonly StaticReport _report;

    public DemonstrationReport(DemonstrationRun trained, DemonstrationRun shuffled, IReadOnlyList<GrammarExample> examples)
    {
        _trained = trained;
        _shuffled = shuffled;
        HeadAttention[] used = [.. HeadsOf(trained)];
        HeadAttention? best = used.MaxBy(head => head.Cue);
        string lookers = best is null ? string.Empty
            : Text($" The head of the circuit that looks at the head noun most, {best.Head}, gives it {best.Cue:P0} of its attention, and {Attention(shuffled, best.Head).Cue:P0} when the weights are shuffled.");
        _report = new StaticReport(
            "How a small language model agrees its verbs",
            Text($"A circuit learnt from forward passes alone: which parts of a {LayersOf(trained)}-layer transformer carry its choice between plural and singular verb, on {examples.Count:N0} sentences that it has not seen in training.{lookers}"));
        AddCircuit();
        AddPaths();
        AddAttention();
        if (trained.Intervention is { } test)
        {
            AddIntervention(test);
        }

        AddNumbers(examples);
        AddCommands(trained.Intervention);
    }

    public void Write(string path) => _report.Write(path);

    private void AddCircuit()
    {
        _report.AddPicture(
            _trained.Learning.Circuit,
            PictureTitle,
            "Computation runs from the embedding of the last word before the verb to the logits. A line is an edge of the circuit; its weight is the share of the preference's variation over sentences that the edge carries.");
        _report.AddNote(
            "How to read it",
            "y is the model's own preference: the logit of the plural verb less that of the singular verb, at the last word before the verb. Each component's output at that position is regressed by Lasso on the outputs computed before it, and y on all of them; then y's variation is passed backwards.",
            "The regression sees the last position only. What a head fetches from earlier words, such as the number of the head noun, has no source among the nodes at this position: it shows as variation of the head that is not explained, and the attention below shows where it comes from.",
            "Edges are associations under the model's order of computation, not interventions.");
    }

    private void AddPaths()
    {
        _report.AddSection("The strongest paths");
        foreach (DemonstrationRun run in (DemonstrationRun[])[_trained, _shuffled])
        {
            IReadOnlyList<CircuitPath> paths = StrongestPaths.Find(run.Learning.Circuit, Paths);
            if (paths.Count == 0)
            {
                _report.AddParagraph($"{Capital(run.Name)}: no circuit; {(run.Learning.Predictable ? "no edge carries enough" : "its preference is not predictable from its components")}.");
                continue;
            }

            _report.AddTable(
                $"{Capital(run.Name)}: paths to the logits by the share of the preference's variation that comes along them",
                ["path", "share", "unexplained part of its first node"],
                paths.Select(path => (IReadOnlyList<string>)[
                    string.Join(" → ", path.Nodes),
                    Text($"{path.Strength * (run.Learning.Circuit.Target.Explained ?? 1):P1}"),
                    run.Learning.Circuit[path.Nodes[0]].Explained is { } explained ? Text($"{1 - explained:P0}") : "–"]));
        }
    }

    private void AddAttention()
    {
        _report.AddSection("What the heads on them attend to");
        _report.AddParagraph(
            "Attention from the last word before the verb, averaged over the sentences: on the head noun that decides the verb's form, on the noun that could mislead (in sentences with one), on the last word itself where it is neither, "
            + "and on the beginning-of-sentence token; then, in how many sentences no other word gets more than the head noun. Columns headed 'shuffled' tell the same of the same head in a model with the same weights in shuffled order.");
        _report.AddTable(
            "Heads of the circuit, most relevant first",
            ["head", "relevance", "head noun", "shuffled", "misleading noun", "last word", "start", "most on head noun", "shuffled"],
            HeadsOf(_trained).Select(head =>
            {
                HeadAttention other = Attention(_shuffled, head.Head);
                return (IReadOnlyList<string>)[
                    head.Head,
                    Text($"{_trained.Learning.Circuit[head.Head].Relevance:P1}"),
                    Text($"{head.Cue:P1}"),
                    Text($"{other.Cue:P1}"),
                    Text($"{head.Attractor:P1}"),
                    Text($"{head.LastWord:P1}"),
                    Text($"{head.Start:P1}"),
                    Text($"{head.CueIsMost:P0}"),
                    Text($"{other.CueIsMost:P0}")];
            }));
    }

    private void AddIntervention(InterventionTest test)
    {
        CircuitEvaluation evaluation = test.Evaluation;
        string components = Text($"{test.Circuit.NodesInCircuit().Count} of {test.Circuit.Nodes.Count} components");
        _report.AddSection("How much of the preference survives");
        _report.AddParagraph(
            Text($"The circuit above sees the last word only. A second one, found by the method 'lasso' from forward passes on {test.LearningPairs} pairs of beginnings, sees all words: it is the smallest along the falling lambda that keeps {InterventionTest.KeptShare:P0} of the preference on these pairs, {test.Edges} of {test.Circuit.Edges.Count} edges between {components}. ")
            + Text($"It is tested on {test.TestPairs} other pairs. The two beginnings of a pair differ in the number of the deciding noun alone, such as “{test.Example}” and “{test.ExampleTwin}”, so that one wants the plural verb and the other the singular. ")
            + "The model reads the one, and every edge that is taken away carries instead what its source writes on the other.");
        _report.AddTable(
            "What the model still prefers: 100 % is the model as it is, at 50 % it has no preference, at 0 % it wants the verb of the other beginning",
            ["edges that work on the beginning itself", "edges", "kept of the preference", "logit difference"],
            [
                Row("all: the model as it is", test.Circuit.Edges.Count, 1),
                Row("the circuit alone (faithfulness)", test.Edges, evaluation.Faithfulness),
                Row("all but the circuit (completeness)", test.Circuit.Edges.Count - test.Edges, evaluation.Completeness),
                Row("the circuit of the last word, above", _trained.Learning.Circuit.Edges.Count(edge => edge.InCircuit), test.LastWordShare),
                Row(Text($"random circuits, mean of {test.RandomShares.Count}"), test.Edges, test.RandomShares.Average()),
                Row(Text($"all but random circuits, mean of {test.RandomShares.Count}"), test.Circuit.Edges.Count - test.Edges, test.RandomComplementShares.Average()),
                Row("none", 0, 0),
            ]);
        _report.AddFigure(
            FaithfulnessPicture.Draw(
                "What growing circuits keep of the preference",
                test.Curve,
                test.RandomCurve,
                test.Circuit.Edges.Count,
                new CircuitCurvePoint((double)test.Edges / test.Circuit.Edges.Count, test.Edges, evaluation.Faithfulness)),
            "Edges come in the order in which lasso's gates open as lambda falls; those on no path from the embedding to the logits do not count. The other line takes them in random order.");
        _report.AddPicture(
            test.Circuit,
            "The circuit that is tested",
            "A line's weight is the score at which its gate opens: how much of what its source has in the outputs the edge carries.");
        _report.AddNote(
            "What this means, and what it cannot tell",
            Text($"With {(double)test.Edges / test.Circuit.Edges.Count:P0} of the edges the model keeps {evaluation.Faithfulness:P0} of its preference on pairs that the circuit was not chosen on, where random circuits keep {test.RandomShares.Average():P0}. Without them {evaluation.Completeness:P0} is left, where {test.RandomComplementShares.Average():P0} is left without as many edges at random. On the pairs it was chosen on it keeps {test.LearningShare:P0}."),
            Text($"The share to keep was set by hand; the curve shows what other shares would have cost. By its own rule, which was chosen on models of a few clear parts, lasso draws {(test.OwnRuleEdges == 0 ? "no circuit at all" : Text($"a circuit of {test.OwnRuleEdges} edges"))} here: this model spreads the work over many edges, and few carry the seventh of what their reader needs that its rule asks for."),
            "That no smaller circuit would do is not shown, nor that every edge in this one is needed. Edges that carry the same on both beginnings of a pair are not tested at all: such as those that tell where a sentence's verb stands.");

        IReadOnlyList<string> Row(string what, int edges, double share) => [what, Text($"{edges}"), Text($"{share:P1}"), Text($"{test.LogitDifference(share):F2}")];
    }

    private void AddNumbers(IReadOnlyList<GrammarExample> examples)
    {
        _report.AddSection("The figures behind it");
        IReadOnlyDictionary<string, double> trained = _trained.Learning.Circuit.Metrics;
        IReadOnlyDictionary<string, double> shuffled = _shuffled.Learning.Circuit.Metrics;
        IReadOnlyList<string> Row(string label, string metric, string format) =>
            [label, trained[metric].ToString(format, CultureInfo.InvariantCulture), shuffled[metric].ToString(format, CultureInfo.InvariantCulture)];
        _report.AddTable(
            "Both models",
            ["", _trained.Name, _shuffled.Name],
            [
                ["prefers the grammatical verb", Text($"{_trained.Accuracy:P1}"), Text($"{_shuffled.Accuracy:P1}")],
                Row("held-out R² of the preference's fit", "target_held_out_r2", "F3"),
                Row("the same for shuffled preferences, at most", "target_shuffled_r2_max", "F3"),
                Row("held-out AUC of being above the median", "target_held_out_auc", "F3"),
                Row("the same for shuffled preferences, at most", "target_shuffled_auc_max", "F3"),
                Row("lambda, by cross-validation", "lambda", "G4"),
                Row("coefficients that are not zero", "nonzeros", "N0"),
                Row("regressions", "regressions", "N0"),
                Row("worst relative duality gap", "gap_max", "0.0E+0"),
            ]);
        _report.AddTable(
            "The sentences: two of each kind",
            ["kind", "sentence", "twin"],
            examples.GroupBy(example => example.Phenomenon).OrderBy(group => group.Key, StringComparer.Ordinal)
                .SelectMany(group => group.Take(2))
                .Select(example => (IReadOnlyList<string>)[example.Phenomenon, example.Sentence, "* " + example.Twin]));
    }

    private void AddCommands(InterventionTest? test)
    {
        _report.AddSection("Do it again, step by step");
        _report.AddParagraph("'circuitlasso demo' did all of this. The same by hand, in the folder of this report:");
        _report.AddCode("""
            circuitlasso collect --model model --text pairs.jsonl --text-column prefix --answers answer_a,answer_b --out store
            circuitlasso learn --store store --target logitdiff --out agreement.circuit
            circuitlasso circuit show agreement.circuit
            circuitlasso export --circuit agreement.circuit --format graphml --out agreement.graphml
            """);
        if (test is not null)
        {
            _report.AddCode(Text($"""
                circuitlasso discover --model model --task twins.jsonl --method lasso --top {test.LargestScores} --out twins.circuit
                circuitlasso evaluate --circuit twins.circuit --model model --task twins-test.jsonl
                """));
        }
    }

    private static IEnumerable<HeadAttention> HeadsOf(DemonstrationRun run)
    {
        Circuit circuit = run.Learning.Circuit;
        return circuit.NodesInCircuit()
            .Select(name => circuit[name])
            .Where(node => node.Kind == CircuitNodeKind.AttentionHead)
            .OrderByDescending(node => node.Relevance)
            .Select(node => Attention(run, node.Name));
    }

    private static HeadAttention Attention(DemonstrationRun run, string head) => run.Attention.First(attention => attention.Head == head);

    private static int LayersOf(DemonstrationRun run) => run.Learning.Circuit.Components!.Layers;

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
