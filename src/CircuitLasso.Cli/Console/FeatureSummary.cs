using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>learn</c> prints of a circuit of features.</summary>
internal sealed class FeatureSummary(FeatureCircuitResult result, string file, string? promptFile, bool hasTarget, IReadOnlyList<ShuffledCircuit> shuffled)
{
    private const int StrongestEdges = 10;
    private readonly Circuit _circuit = result.Circuit;

    private string Target => !hasTarget ? "every feature" : _circuit.Target.Label ?? _circuit.Target.Name;

    public void WriteText(TextWriter output)
    {
        WriteMeasure(output, "r2", "R2");
        WriteMeasure(output, "auc", _circuit.Metrics.ContainsKey("target_held_out_r2") ? "AUC of being above the median" : "AUC");
        output.WriteLine(Text($"{_circuit.Metrics["regressions"]:N0} regressions, {_circuit.Metrics["nonzeros"]:N0} coefficients, worst relative gap {result.LargestRelativeGap:0.0E+0}"));
        if (!result.Predictable)
        {
            output.WriteLine($"{Target} is not predictable here: its fit is no better than that of shuffled targets. No circuit is drawn for it.");
        }

        CircuitEdge[] edges = [.. _circuit.Edges.Where(edge => edge.InCircuit)];
        output.WriteLine(Text($"{_circuit.NodesInCircuit().Count:N0} nodes and {edges.Length:N0} edges in the circuit, of {_circuit.Nodes.Count:N0} and {_circuit.Edges.Count:N0} candidates"));
        foreach (IGrouping<int, CircuitNode> place in _circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature).GroupBy(node => node.Place))
        {
            string[] sites = [.. place.Select(node => FeatureNodeName.Parse(node.Name).Site).Distinct()];
            int inCircuit = edges.SelectMany(edge => new[] { edge.Source, edge.Target }).Distinct().Count(name => _circuit[name] is { Kind: CircuitNodeKind.Feature } node && node.Place == place.Key);
            output.WriteLine(Text($"  {string.Join(", ", sites)}: {inCircuit:N0} features in the circuit, of {place.Count():N0}"));
        }

        foreach (CircuitEdge edge in edges.OrderByDescending(edge => Math.Abs(edge.Weight)).Take(StrongestEdges))
        {
            output.WriteLine(Text($"  {edge.Weight,9:G4}  {edge.Source} -> {edge.Target}{(edge.Stability is { } stability ? Text($"  (in {stability:P0} of the half-samples)") : string.Empty)}"));
        }

        foreach (ShuffledCircuit control in shuffled)
        {
            output.WriteLine(Text(
                $"shuffled target: {(control.Result.Predictable ? "predictable" : "not predictable")}, {control.Result.Circuit.Edges.Count(edge => edge.InCircuit):N0} edges; of the circuit {control.Survival.SurvivingFeatures:N0} of {control.Survival.Features:N0} features and {control.Survival.SurvivingEdges:N0} of {control.Survival.Edges:N0} edges survive ({control.File})"));
        }

        output.WriteLine($"written to {file}{(promptFile is null ? string.Empty : " and " + promptFile)}; look at it with 'circuitlasso circuit show {file}'");
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("circuit", file);
        if (promptFile is not null)
        {
            json.WriteString("prompt_circuit", promptFile);
        }

        json.WriteString("target", Target);
        json.WriteBoolean("predictable", result.Predictable);
        json.WriteNumber("missed", result.Missed);
        json.WriteNumber("gap_max", result.LargestRelativeGap);
        json.WriteNumber("candidate_edges", _circuit.Edges.Count);
        json.WriteNumber("circuit_edges", _circuit.Edges.Count(edge => edge.InCircuit));
        json.WriteNumber("circuit_nodes", _circuit.NodesInCircuit().Count);
        json.WriteStartArray("shuffled");
        foreach (ShuffledCircuit control in shuffled)
        {
            json.WriteStartObject();
            json.WriteString("circuit", control.File);
            json.WriteBoolean("predictable", control.Result.Predictable);
            json.WriteNumber("circuit_edges", control.Result.Circuit.Edges.Count(edge => edge.InCircuit));
            json.WriteNumber("surviving_features", control.Survival.SurvivingFeatures);
            json.WriteNumber("features", control.Survival.Features);
            json.WriteNumber("surviving_edges", control.Survival.SurvivingEdges);
            json.WriteNumber("edges", control.Survival.Edges);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("metrics");
        foreach ((string name, double value) in _circuit.Metrics)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
    }

    private void WriteMeasure(TextWriter output, string metric, string name)
    {
        if (_circuit.Metrics.TryGetValue("target_held_out_" + metric, out double value))
        {
            output.WriteLine(Text($"{Target}: held-out {name} {value:F3} (shuffled: {_circuit.Metrics[$"target_shuffled_{metric}_mean"]:F3}, at most {_circuit.Metrics[$"target_shuffled_{metric}_max"]:F3})"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
