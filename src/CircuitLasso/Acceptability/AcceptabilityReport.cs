using System.Globalization;

namespace CircuitLasso;

/// <summary>The web page of <see cref="AcceptabilityExperiment"/>.</summary>
internal static class AcceptabilityReport
{
    private const int PathCount = 8;

    /// <summary>Makes the page.</summary>
    public static StaticReport Create(AcceptabilityResult result)
    {
        StaticReport report = new(
            "Acceptability, feature by feature",
            Text($"{result.Rows:N0} sentences, the features of {result.ActiveFeatures.Count} sites averaged over the tokens of each. What is explained: the sentences' label, and the log-probability that the model gives them, whole and per token."));
        report.AddTable(
            "What was found",
            ["target", "held out", "best of shuffled targets", "predictable", "features", "edges", "chains", "merges", "drops", "look spurious"],
            result.Circuits.Select(circuit =>
            {
                (string name, double value, double shuffled) = AcceptabilityCircuit.HeldOut(circuit.Circuit);
                return (IReadOnlyList<string>)[
                    circuit.Target, Text($"{name} {value:F3}"), Text($"{shuffled:F3}"), circuit.Predictable ? "yes" : "no", Text($"{AcceptabilityCircuit.Features(circuit.Circuit)}"), Text($"{circuit.Circuit.Edges.Count(edge => edge.InCircuit)}"),
                    Text($"{circuit.Phenomena.Chains.Count}"), Text($"{circuit.Phenomena.Merges.Count}"), Text($"{circuit.Phenomena.Drops.Count}"), Text($"{circuit.Phenomena.SpuriousPairs.Count}")];
            }));
        foreach (AcceptabilityCircuit circuit in result.Circuits)
        {
            Add(report, circuit);
        }

        report.AddSection("The work");
        report.AddTable("Parts", ["part", "seconds", "kept from an earlier run"], result.Stages.Select(stage => new[] { stage.Name, Text($"{stage.Seconds:F1}"), stage.Kept ? "yes" : "no" }));
        report.AddTable("Features that are not zero in a row", ["site", "mean number"], result.ActiveFeatures.Select(site => new[] { site.Key, Text($"{site.Value:F1}") }));
        report.AddNote(
            "What this does not say",
            "An edge says that two features go together over sentences, under the model's order of computation. Ablation tests the features of a circuit as a set, on a behaviour of the model, which is not the label, and, of a label that is predictable, on the score of the readout that was fitted to it.",
            "The log-probability of a sentence falls with its length, and averaged features show the length: a feature of the first token is divided by it. The mean per token is mostly free of that.",
            "A label that is not predictable from averaged features may still be known to the model in another form.");
        return report;
    }

    private static void Add(StaticReport report, AcceptabilityCircuit circuit)
    {
        report.AddSection("The circuit of " + circuit.Target);
        Circuit shown = circuit.Circuit.WithoutCandidates();
        if (!circuit.Predictable)
        {
            report.AddParagraph("The target is not predictable here: its fit on sentences that were held out is no better than that of shuffled targets, so no circuit is drawn.");
        }
        else if (shown.Edges.Count == 0)
        {
            report.AddParagraph("No edge is in the circuit.");
        }
        else
        {
            report.AddPicture(shown, "Features by layer", $"Wider lines are larger weights. Every feature, with its name and examples, is described in {Path.GetFileNameWithoutExtension(circuit.File)}.html beside this page.");
            report.AddTable(
                "The strongest paths",
                ["path", "share"],
                StrongestPaths.Find(shown, PathCount).Select(path => new[] { string.Join(" → ", path.Nodes.Select(node => shown[node].Label is { } label && label != node ? $"{node} ({label})" : node)), Text($"{path.Strength * 100:F1}%") }));
        }

        AddAblation(report, circuit.Circuit);
        AddLabel(report, circuit.Circuit);
        if (circuit.Curve.Count > 1)
        {
            List<(string, IReadOnlyList<(double, double)>)> panels =
            [
                ("features in the circuit", [.. circuit.Curve.Select(point => (point.Ratio, (double)AcceptabilityCircuit.Features(point.Circuit)))]),
                ("held-out " + AcceptabilityCircuit.HeldOut(circuit.Circuit).Name, [.. circuit.Curve.Select(point => (point.Ratio, AcceptabilityCircuit.HeldOut(point.Circuit).Value))]),
                ("seconds", [.. circuit.Curve.Select(point => (point.Ratio, point.Seconds))]),
            ];
            if (circuit.Curve.Any(point => point.Circuit.Metrics.ContainsKey("task_faithfulness")))
            {
                panels.Add(("faithfulness", [.. circuit.Curve.Select(point => (point.Ratio, point.Circuit.Metrics.GetValueOrDefault("task_faithfulness", double.NaN)))]));
            }

            report.AddFigure(LambdaPicture.Draw("Curves over lambda", panels), "The circuit above has a lambda of its own for every regression, by a criterion; here all have the same share of their largest.");
        }

        if (circuit.Controls.Count > 0)
        {
            report.AddTable(
                "Controls: the same work where less, or nothing, should be found, and what of the circuit is found there too",
                ["control", "predictable", "features there", "edges there", "features that survive", "edges that survive"],
                circuit.Controls.Select(control => new[]
                {
                    control.Name, control.Circuit.Metrics["target_predictable"] == 1 ? "yes" : "no", Text($"{AcceptabilityCircuit.Features(control.Circuit)}"), Text($"{control.Circuit.Edges.Count(edge => edge.InCircuit)}"),
                    Text($"{control.Survival.SurvivingFeatures} of {control.Survival.Features}"), Text($"{control.Survival.SurvivingEdges} of {control.Survival.Edges}"),
                }));
        }
    }

    private static void AddLabel(StaticReport report, Circuit circuit)
    {
        if (!circuit.Metrics.TryGetValue("label_texts", out double texts))
        {
            return;
        }

        string Share(string metric) => circuit.Metrics.TryGetValue(metric, out double value) ? Text($"{value:F3}") : "–";
        report.AddTable(
            Text($"What the features of the circuit keep of the fitted readout's score for a sentence's own label, on {texts:N0} sentences that nothing was learnt from; all others have their mean"),
            ["readout right", "faithfulness", "completeness", "faithfulness of as many nodes at random"],
            [[Share("label_right"), Share("label_faithfulness"), Share("label_completeness"), Share("label_faithfulness_random")]]);
    }

    private static void AddAblation(StaticReport report, Circuit circuit)
    {
        if (!circuit.Metrics.TryGetValue("task_pairs", out double pairs))
        {
            return;
        }

        string Share(string metric) => circuit.Metrics.TryGetValue(metric, out double value) ? Text($"{value:F3}") : "–";
        report.AddTable(
            Text($"What the features of the circuit keep of the model's preference for the right answer, on {pairs:N0} pairs; all others have their mean"),
            ["faithfulness", "completeness", "faithfulness of as many nodes at random"],
            [[Share("task_faithfulness"), Share("task_completeness"), Share("task_faithfulness_random")]]);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
