using System.CommandLine;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso circuit show</c>.</summary>
internal sealed class CircuitShowCommand : ToolCommand
{
    private const int DefaultEdges = 20;
    private readonly Argument<string> _file = new("FILE") { Description = "The circuit file." };

    private readonly Option<int> _edges = new Option<int>("--edges")
    {
        Description = "How many of the circuit's edges, nodes and branches of the tree to show, strongest first.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultEdges,
    }.AtLeast(1);

    /// <summary>Creates the command.</summary>
    internal CircuitShowCommand()
        : base(
            "show",
            "Show a circuit: its nodes, its edges, and the tree of what the target reads, strongest first.\n\n"
            + "A branch of the tree is a path to the target. Its share is the product of its edges' shares, and an edge's share is |weight| over the sum of |weight| "
            + "of all edges into the same node, candidates included. Of an edge with several coefficients, such as one from an error, the largest are shown; --json has all.")
    {
        Add(_file);
        Add(_edges);
    }

    /// <inheritdoc/>
    internal override int Run(ParseResult options, CommandContext context)
    {
        string path = options.GetRequiredValue(_file);
        int count = options.GetValue(_edges);
        Circuit circuit = CircuitFile.Read(path);
        context.Cancellation.ThrowIfCancellationRequested();
        context.Print(
            text => new CircuitTables(circuit, count).Write(text, context.Console),
            json => WriteJson(json, circuit, path, count));
        return ExitCode.Done;
    }

    private static void WriteJson(Utf8JsonWriter json, Circuit circuit, string path, int count)
    {
        IReadOnlyDictionary<CircuitEdge, double> shares = StrongestPaths.Shares(circuit);
        IReadOnlyList<string> inCircuit = circuit.NodesInCircuit();
        json.WriteString("file", path);
        json.WriteString("target", circuit.Target.Name);
        json.WriteNumber("candidate_nodes", circuit.Nodes.Count);
        json.WriteNumber("candidate_edges", circuit.Edges.Count);
        json.WriteNumber("circuit_edges", circuit.Edges.Count(edge => edge.InCircuit));
        json.WriteStartArray("nodes");
        foreach (CircuitNode node in inCircuit.Select(name => circuit[name]))
        {
            json.WriteStartObject();
            json.WriteString("name", node.Name);
            json.WriteNumber("relevance", node.Relevance);
            WriteOptional(json, "explained", node.Explained);
            json.WriteString("label", node.Label);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("edges");
        ILookup<(string, string), EdgeCoefficient> coefficients = circuit.Coefficients.ToLookup(coefficient => (coefficient.Source, coefficient.Target));
        foreach (CircuitEdge edge in CircuitTables.Strongest(circuit, count))
        {
            json.WriteStartObject();
            json.WriteString("source", edge.Source);
            json.WriteString("target", edge.Target);
            json.WriteNumber("weight", edge.Weight);
            json.WriteNumber("share", shares[edge]);
            WriteOptional(json, "enters_at_lambda", edge.EntersAtLambda);
            WriteOptional(json, "stability", edge.Stability);
            WriteOptional(json, "effect", edge.Effect?.Share);
            WriteCoefficients(json, coefficients[(edge.Source, edge.Target)]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("paths");
        foreach (CircuitPath found in StrongestPaths.Find(circuit, count))
        {
            json.WriteStartObject();
            json.WriteStartArray("nodes");
            foreach (string name in found.Nodes)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteNumber("strength", found.Strength);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteFindings(json, circuit);
    }

    private static void WriteCoefficients(Utf8JsonWriter json, IEnumerable<EdgeCoefficient> coefficients)
    {
        json.WriteStartArray("coefficients");
        foreach (EdgeCoefficient coefficient in coefficients)
        {
            json.WriteStartObject();
            json.WriteNumber("coordinate", coefficient.Coordinate);
            json.WriteNumber("output", coefficient.Output);
            json.WriteNumber("value", coefficient.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFindings(Utf8JsonWriter json, Circuit circuit)
    {
        json.WriteStartArray("features");
        ILookup<string, CircuitExample> examples = circuit.Examples.ToLookup(example => example.Node);
        foreach (FeatureProfile profile in circuit.Profiles)
        {
            json.WriteStartObject();
            json.WriteString("node", profile.Node);
            json.WriteNumber("frequency", profile.Frequency);
            json.WriteNumber("maximum", profile.Maximum);
            WriteStrings(json, "promoted", profile.Promoted.Select(token => token.Token));
            WriteStrings(json, "suppressed", profile.Suppressed.Select(token => token.Token));
            WriteStrings(json, "examples", examples[profile.Node].Select(FeatureText.Marked));
            json.WriteString("page", FeatureNaming.PageOf(circuit, profile.Node));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("metrics");
        foreach ((string name, double value) in circuit.Metrics)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
        json.WriteStartObject("provenance");
        foreach ((string key, string value) in circuit.Provenance)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
