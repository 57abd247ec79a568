using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>evaluate --sae</c> prints.</summary>
/// <param name="file">The circuit's file.</param>
/// <param name="task">The behaviour.</param>
/// <param name="evaluator">What was measured with.</param>
/// <param name="nodes">Nodes in the circuit.</param>
/// <param name="evaluation">By ablation of nodes.</param>
/// <param name="nodeCurves">Growing sets of nodes, the circuit's order first.</param>
internal sealed class FeatureEvaluationSummary(string file, BehaviourTask task, FeatureCircuitEvaluator evaluator, int nodes, CircuitEvaluation evaluation, IReadOnlyList<FeatureCurve> nodeCurves)
{
    // What rounds to zero has no sign.
    private const string Share = "0.000;-0.000;0.000";

    /// <summary>Edges in the circuit.</summary>
    internal int Edges { get; set; }

    /// <summary>By ablation of edges, by the learned rule; null where the circuit has no coefficients.</summary>
    internal CircuitEvaluation? LearnedEdges { get; set; }

    /// <summary>By path patching; null where edges were not measured.</summary>
    internal CircuitEvaluation? RecomputedEdges { get; set; }

    /// <summary>Growing sets of edges.</summary>
    internal List<FeatureCurve> EdgeCurves { get; } = [];

    /// <summary>Correlation of the learned rule and path patching; null where one of them was not measured.</summary>
    internal double? Correlation { get; set; }

    private string Ablation => evaluator.Ablation.ToString().ToLowerInvariant();

    private string Errors => evaluator.Errors == ErrorHandling.ResidualOnly ? "residual-only" : evaluator.Errors.ToString().ToLowerInvariant();

    internal void WriteText(TextWriter output, CommandConsole console)
    {
        TerminalTable shares = new(
            string.Create(CultureInfo.InvariantCulture, $"{task.Name}, {task.Pairs} {(task.Readout is null ? "pairs" : "texts")}; {nodes} of {evaluator.Candidates.Count} active nodes and {Edges} edges in the circuit; {Ablation} ablation, errors {Errors}"),
            ("ablated", false), ("model", true), ("circuit alone", true), ("without circuit", true), ("nothing", true), ("faithfulness", true), ("completeness", true));
        foreach ((string name, CircuitEvaluation of) in Measured())
        {
            shares.Add([
                name, .. new[] { of.ModelLoss, of.CircuitLoss, of.ComplementLoss, of.EmptyLoss }.Select(loss => TerminalTable.Cell(-loss, Share)),
                TerminalTable.Cell(of.Faithfulness, Share), TerminalTable.Cell(of.Completeness, Share)]);
        }

        shares.Write(output, console);
        output.WriteLine();
        WriteCurves(output, console, "Faithfulness of growing sets of nodes", nodeCurves);
        if (EdgeCurves.Count > 0)
        {
            output.WriteLine();
            WriteCurves(output, console, "Faithfulness of growing sets of edges", EdgeCurves);
        }

        if (Correlation is { } correlation)
        {
            output.WriteLine($"correlation of the learned rule with path patching {TerminalTable.Cell(correlation, Share)}");
        }
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("circuit", file);
        json.WriteString("task", task.Name);
        json.WriteNumber("pairs", task.Pairs);
        json.WriteString("behaviour", task.Metric);
        json.WriteString("ablation", Ablation);
        json.WriteString("errors", Errors);
        json.WriteNumber("candidate_nodes", evaluator.Candidates.Count);
        json.WriteNumber("circuit_nodes", nodes);
        json.WriteNumber("circuit_edges", Edges);
        foreach ((string name, CircuitEvaluation of) in Measured())
        {
            json.WriteStartObject(name.Replace(", ", "_", StringComparison.Ordinal));
            WriteFinite(json, "loss_model", of.ModelLoss);
            WriteFinite(json, "loss_circuit", of.CircuitLoss);
            WriteFinite(json, "loss_without_circuit", of.ComplementLoss);
            WriteFinite(json, "loss_nothing", of.EmptyLoss);
            WriteFinite(json, "faithfulness", of.Faithfulness);
            WriteFinite(json, "completeness", of.Completeness);
            json.WriteEndObject();
        }

        WriteCurves(json, "node_curves", nodeCurves);
        WriteCurves(json, "edge_curves", EdgeCurves);
        WriteFinite(json, "correlation", Correlation ?? double.NaN);
    }

    private IEnumerable<(string Name, CircuitEvaluation Evaluation)> Measured()
    {
        yield return ("nodes", evaluation);
        if (LearnedEdges is not null)
        {
            yield return ("edges, learned", LearnedEdges);
        }

        if (RecomputedEdges is not null)
        {
            yield return ("edges, recomputed", RecomputedEdges);
        }
    }

    // Orders of one name are means.
    private static void WriteCurves(TextWriter output, CommandConsole console, string title, IEnumerable<FeatureCurve> curves)
    {
        FeatureCurve[][] byName = [.. curves.GroupBy(curve => curve.Name).Select(group => group.ToArray())];
        TerminalTable table = new(title, [("kept", true), .. byName.Select(group => (group[0].Name, true))]);
        for (int i = 0; i < byName[0][0].Points.Count; i++)
        {
            table.Add([
                TerminalTable.Cell(byName[0][0].Points[i].Kept, "0"),
                .. byName.Select(group => TerminalTable.Cell(group.Average(curve => curve.Points[i].Evaluation.Faithfulness), Share))]);
        }

        table.Add(["area of |1 - faithfulness|", .. byName.Select(group => TerminalTable.Cell(group.Average(curve => curve.FaithfulnessArea), Share))]);
        table.Add(["area of |completeness|", .. byName.Select(group => TerminalTable.Cell(group.Average(curve => curve.CompletenessArea), Share))]);
        table.Write(output, console);
    }

    private static void WriteCurves(Utf8JsonWriter json, string name, IEnumerable<FeatureCurve> curves)
    {
        json.WriteStartArray(name);
        foreach (FeatureCurve curve in curves)
        {
            json.WriteStartObject();
            json.WriteString("ranking", curve.Name);
            WriteFinite(json, "faithfulness_area", curve.FaithfulnessArea);
            WriteFinite(json, "completeness_area", curve.CompletenessArea);
            json.WriteStartArray("points");
            foreach (FeatureCurvePoint point in curve.Points)
            {
                json.WriteStartObject();
                json.WriteNumber("kept", point.Kept);
                WriteFinite(json, "faithfulness", point.Evaluation.Faithfulness);
                WriteFinite(json, "completeness", point.Evaluation.Completeness);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // JSON has no NaN, which a share is where the model does no better than nothing.
    private static void WriteFinite(Utf8JsonWriter json, string name, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
