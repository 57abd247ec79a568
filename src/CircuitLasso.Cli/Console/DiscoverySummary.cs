using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>discover</c> prints of its result.</summary>
internal static class DiscoverySummary
{
    private const int StrongestEdges = 10;
    private static readonly string[] _kinds = ["collection", "gradients", "regression", "patching"];

    public static void WriteText(TextWriter output, CommandConsole console, TaskFile task, IReadOnlyList<DiscoveredCircuit> found)
    {
        string[] kinds = [.. _kinds.Where(kind => found.Any(circuit => circuit.SecondsByKind.ContainsKey(kind)))];
        TerminalTable table = new(
            string.Create(CultureInfo.InvariantCulture, $"{task.Task.Name}: {task.Task.Count} pairs, {found[0].Circuit.Edges.Count} candidate edges"),
            [("method", false), ("nodes", true), ("edges", true), ("seconds", true), .. kinds.Select(kind => (kind, true))]);
        foreach (DiscoveredCircuit circuit in found)
        {
            table.Add([
                circuit.Method, Text(circuit.Circuit.NodesInCircuit().Count), Text(circuit.Edges.Count()), TerminalTable.Cell(circuit.Seconds, "0.000"),
                .. kinds.Select(kind => TerminalTable.Cell(circuit.SecondsByKind.TryGetValue(kind, out double seconds) ? seconds : null, "0.000"))]);
        }

        table.Write(output, console);
        if (found is [DiscoveredCircuit only])
        {
            foreach (CircuitEdge edge in only.Edges.Take(StrongestEdges))
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {edge.Weight,11:G4}  {edge.Source} -> {edge.Target}"));
            }
        }

        foreach (DiscoveredCircuit circuit in found)
        {
            output.WriteLine($"written to {circuit.File}; look at it with 'circuitlasso circuit show {circuit.File}'");
        }
    }

    public static void WriteJson(Utf8JsonWriter json, TaskFile task, IReadOnlyList<DiscoveredCircuit> found)
    {
        json.WriteString("task", task.Task.Name);
        json.WriteNumber("pairs", task.Task.Count);
        json.WriteNumber("candidate_edges", found[0].Circuit.Edges.Count);
        json.WriteStartArray("methods");
        foreach (DiscoveredCircuit circuit in found)
        {
            json.WriteStartObject();
            json.WriteString("method", circuit.Method);
            json.WriteString("circuit", circuit.File);
            json.WriteNumber("circuit_nodes", circuit.Circuit.NodesInCircuit().Count);
            json.WriteNumber("circuit_edges", circuit.Edges.Count());
            json.WriteNumber("seconds", circuit.Seconds);
            WriteNumbers(json, "seconds_by_kind", circuit.SecondsByKind);
            WriteNumbers(json, "metrics", circuit.Circuit.Metrics);
            json.WriteStartArray("edges");
            foreach (CircuitEdge edge in circuit.Edges)
            {
                json.WriteStartObject();
                json.WriteString("source", edge.Source);
                json.WriteString("target", edge.Target);
                json.WriteNumber("score", edge.Weight);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, double> numbers)
    {
        json.WriteStartObject(name);
        foreach ((string key, double value) in numbers)
        {
            json.WriteNumber(key, value);
        }

        json.WriteEndObject();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
