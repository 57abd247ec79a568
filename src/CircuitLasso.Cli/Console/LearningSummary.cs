using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>learn</c> prints of its result.</summary>
internal static class LearningSummary
{
    private const int StrongestEdges = 10;

    public static void WriteText(TextWriter output, LearningResult result, string file)
    {
        Circuit circuit = result.Circuit;
        string target = circuit.Target.Label ?? circuit.Target.Name;
        if (circuit.Metrics.TryGetValue("target_held_out_r2", out double squared))
        {
            output.WriteLine(Text($"{target}: held-out R2 {squared:F3} (shuffled: {circuit.Metrics["target_shuffled_r2_mean"]:F3}, at most {circuit.Metrics["target_shuffled_r2_max"]:F3})"));
        }

        if (circuit.Metrics.TryGetValue("target_held_out_auc", out double area))
        {
            string above = circuit.Metrics.ContainsKey("target_held_out_r2") ? " of being above the median" : string.Empty;
            output.WriteLine(Text($"{target}: held-out AUC{above} {area:F3} (shuffled: {circuit.Metrics["target_shuffled_auc_mean"]:F3}, at most {circuit.Metrics["target_shuffled_auc_max"]:F3})"));
        }

        output.WriteLine(Text($"lambda {result.Lambda:G4}, {circuit.Metrics["nonzeros"]:N0} coefficients, worst relative gap {result.LargestRelativeGap:0.0E+0}"));
        if (result.Lambda == 0)
        {
            output.WriteLine("no block varies with one that is computed before it: there is nothing to explain between blocks, whatever lambda");
        }
        else if (circuit.Metrics["lambda_at_path_end"] == 1)
        {
            output.WriteLine("cross-validation chose the smallest lambda of the path; a smaller one might predict held-out rows a little better");
        }

        if (!result.Predictable)
        {
            output.WriteLine($"{target} is not predictable here: its fit is no better than that of shuffled targets. No circuit is drawn for it.");
        }

        CircuitEdge[] edges = [.. circuit.Edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight))];
        output.WriteLine($"{circuit.NodesInCircuit().Count} nodes and {edges.Length} edges in the circuit, of {circuit.Nodes.Count} and {circuit.Edges.Count} candidates");
        foreach (CircuitEdge edge in edges.Take(StrongestEdges))
        {
            output.WriteLine(Text($"  {edge.Weight,6:P1}  {edge.Source} -> {edge.Target}{(edge.Stability is { } stability ? Text($"  (in {stability:P0} of the half-samples)") : string.Empty)}"));
        }

        output.WriteLine($"written to {file}; look at it with 'circuitlasso circuit show {file}'");
    }

    public static void WriteJson(Utf8JsonWriter json, LearningResult result, string file)
    {
        Circuit circuit = result.Circuit;
        json.WriteString("circuit", file);
        json.WriteString("target", circuit.Target.Label ?? circuit.Target.Name);
        json.WriteBoolean("predictable", result.Predictable);
        json.WriteNumber("lambda", result.Lambda);
        json.WriteNumber("missed", result.MissedTargets);
        json.WriteNumber("gap_max", result.LargestRelativeGap);
        json.WriteNumber("candidate_edges", circuit.Edges.Count);
        json.WriteNumber("circuit_edges", circuit.Edges.Count(edge => edge.InCircuit));
        json.WriteStartObject("metrics");
        foreach ((string name, double value) in circuit.Metrics)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("edges");
        foreach (CircuitEdge edge in circuit.Edges.Where(edge => edge.InCircuit))
        {
            json.WriteStartObject();
            json.WriteString("source", edge.Source);
            json.WriteString("target", edge.Target);
            json.WriteNumber("weight", edge.Weight);
            if (edge.Stability is { } stability)
            {
                json.WriteNumber("stability", stability);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
