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
        AddNumbers(examples);
        AddCommands();
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

    private void AddCommands()
    {
        _report.AddSection("Do it again, step by step");
        _report.AddParagraph("'circuitlasso demo' did all of this. The same by hand, in the folder of this report:");
        _report.AddCode("""
            circuitlasso collect --model model --text pairs.jsonl --text-column prefix --answers answer_a,answer_b --out store
            circuitlasso learn --store store --target logitdiff --out agreement.circuit
            circuitlasso circuit show agreement.circuit
            circuitlasso export --circuit agreement.circuit --format graphml --out agreement.graphml
            """);
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
