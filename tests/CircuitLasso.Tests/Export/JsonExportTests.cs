using System.Text.Json;

namespace CircuitLasso.Tests;

public sealed class JsonExportTests
{
    [Fact]
    public void Everything_is_there_with_the_same_numbers()
    {
        Circuit circuit = SampleCircuits.Features();
        JsonElement root = JsonDocument.Parse(ExportText.Of("json", circuit)).RootElement;
        Assert.Equal("circuitlasso-circuit", root.GetProperty("format").GetString());
        Assert.Equal("y", root.GetProperty("target").GetString());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("components").ValueKind);
        Assert.Equal(
            circuit.Nodes,
            root.GetProperty("nodes").EnumerateArray().Select(node => new CircuitNode(node.GetProperty("name").GetString()!, Kind(node), node.GetProperty("place").GetInt32())
            {
                Layer = (int?)Number(node, "layer"),
                Relevance = node.GetProperty("relevance").GetDouble(),
                Explained = Number(node, "explained"),
                Label = node.GetProperty("label").GetString(),
            }));
        Assert.Equal(
            circuit.Edges,
            root.GetProperty("edges").EnumerateArray().Select(edge => new CircuitEdge(edge.GetProperty("source").GetString()!, edge.GetProperty("target").GetString()!, edge.GetProperty("weight").GetDouble())
            {
                InCircuit = edge.GetProperty("in_circuit").GetBoolean(),
                Norm = Number(edge, "norm"),
                EntersAtLambda = Number(edge, "enters_at_lambda"),
                Stability = Number(edge, "stability"),
                Effect = edge.TryGetProperty("effect", out JsonElement effect) ? new AblationEffect(effect.GetDouble(), edge.GetProperty("effect_rows").GetInt64()) : null,
            }));
        Assert.Equal(
            circuit.Coefficients,
            root.GetProperty("edges").EnumerateArray().Where(edge => edge.TryGetProperty("coefficients", out _)).SelectMany(edge => edge.GetProperty("coefficients").EnumerateArray().Select(point => new EdgeCoefficient(
                edge.GetProperty("source").GetString()!, edge.GetProperty("target").GetString()!, point.GetProperty("coordinate").GetInt32(), point.GetProperty("output").GetInt32(), point.GetProperty("value").GetDouble()))));
        Assert.Equal(
            circuit.WeightPath,
            root.GetProperty("edges").EnumerateArray().SelectMany(edge => edge.GetProperty("path").EnumerateArray().Select(point => new EdgeWeightPoint(
                edge.GetProperty("source").GetString()!, edge.GetProperty("target").GetString()!, point.GetProperty("lambda").GetDouble(), point.GetProperty("weight").GetDouble(), Number(point, "stability")))));
        Assert.Equal(
            circuit.Examples,
            root.GetProperty("examples").EnumerateArray().Select(example => new CircuitExample(example.GetProperty("node").GetString()!, example.GetProperty("text").GetString()!, example.GetProperty("value").GetDouble())
            {
                Tokens = [.. example.GetProperty("tokens").EnumerateArray().Select(token => new ExampleToken(token.GetProperty("text").GetString()!, token.GetProperty("value").GetDouble()))],
            }));
        Assert.Equal(
            circuit.Profiles,
            root.GetProperty("profiles").EnumerateArray().Select(profile => new FeatureProfile(
                profile.GetProperty("node").GetString()!, profile.GetProperty("rows").GetInt64(), profile.GetProperty("active_rows").GetInt64(), profile.GetProperty("mean").GetDouble(), profile.GetProperty("maximum").GetDouble())
            {
                Histogram = [.. profile.GetProperty("histogram").EnumerateArray().Select(bin => new ActivationBin(bin.GetProperty("lower").GetDouble(), bin.GetProperty("upper").GetDouble(), bin.GetProperty("count").GetInt64()))],
                Promoted = [.. Tokens(profile, "promoted")],
                Suppressed = [.. Tokens(profile, "suppressed")],
            }));
        Assert.Equal(circuit.Metrics.AsEnumerable(), root.GetProperty("metrics").EnumerateObject().Select(metric => KeyValuePair.Create(metric.Name, metric.Value.GetDouble())));
        Assert.Equal(circuit.Provenance.AsEnumerable(), root.GetProperty("provenance").EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, entry.Value.GetString()!)));
    }

    [Fact]
    public void Component_circuits_carry_the_shape_of_their_model()
    {
        JsonElement components = JsonDocument.Parse(ExportText.Of("json", SampleCircuits.Component(parallelBlocks: true))).RootElement.GetProperty("components");
        Assert.Equal(3, components.GetProperty("layers").GetInt32());
        Assert.True(components.GetProperty("parallel_blocks").GetBoolean());
    }

    private static CircuitNodeKind Kind(JsonElement node) => Enum.Parse<CircuitNodeKind>(node.GetProperty("kind").GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private static IEnumerable<TokenEffect> Tokens(JsonElement profile, string name) =>
        profile.GetProperty(name).EnumerateArray().Select(token => new TokenEffect(token.GetProperty("token").GetString()!, token.GetProperty("effect").GetDouble()));

    private static double? Number(JsonElement element, string name) => element.GetProperty(name).ValueKind == JsonValueKind.Null ? null : element.GetProperty(name).GetDouble();
}
