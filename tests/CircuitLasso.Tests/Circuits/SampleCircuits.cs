namespace CircuitLasso.Tests;

/// <summary>Circuits that several tests share.</summary>
internal static class SampleCircuits
{
    /// <summary>Every candidate edge of a component graph with a random weight from a fixed seed; the strongest ones are in the circuit.</summary>
    internal static Circuit Component(int layers = 3, int heads = 4, bool parallelBlocks = false, int seed = 1, int inCircuit = 12)
    {
        ComponentGraph graph = new(layers, heads, parallelBlocks, 16);
        Random random = new(seed);
        IEnumerable<CircuitNode> nodes = graph.Nodes.Select(node => node.ToCircuitNode() with { Relevance = random.NextDouble(), Explained = random.NextDouble() }).ToArray();
        IEnumerable<CircuitEdge> edges = graph.Edges.Select(edge => new CircuitEdge(graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name, Weight(random))).ToArray();
        return new Circuit(nodes, edges) { Components = graph }.SelectTop(inCircuit);
    }

    /// <summary>A small circuit of features that uses every field, with text that is awkward to write.</summary>
    internal static Circuit Features() => new(
        [
            new CircuitNode("embed/7", CircuitNodeKind.Feature, 0) { Relevance = 0.25, Label = "\"quoted\" <b>&amp;</b>, comma; λ 🙂" },
            new CircuitNode("embed/error", CircuitNodeKind.Error, 0) { Relevance = 0.125 },
            new CircuitNode("resid_post.5/36", CircuitNodeKind.Feature, 12) { Layer = 5, Relevance = 0.5, Explained = 1.0 / 3, Label = "line one\nline two" },
            new CircuitNode("resid_post.5/3036", CircuitNodeKind.Feature, 12) { Layer = 5 },
            new CircuitNode("y", CircuitNodeKind.Target, 13) { Relevance = 1, Explained = 0.75 },
        ],
        [
            new CircuitEdge("embed/7", "resid_post.5/36", -0.1) { Norm = 1e-300, EntersAtLambda = 123.456, Stability = 0.95, Effect = new AblationEffect(0.25, 40) },
            new CircuitEdge("embed/7", "resid_post.5/3036", 0.2) { Norm = 2.5, EntersAtLambda = 100, Stability = 1 },
            new CircuitEdge("embed/error", "resid_post.5/36", 5e-324) { InCircuit = false },
            new CircuitEdge("resid_post.5/36", "y", 0.7) { Norm = 0, EntersAtLambda = 0, Stability = 0, Effect = new AblationEffect(-1, 1) },
            new CircuitEdge("resid_post.5/3036", "y", -1.7976931348623157e308),
        ])
    {
        WeightPath =
        [
            new EdgeWeightPoint("resid_post.5/36", "y", 50, 0.6),
            new EdgeWeightPoint("embed/7", "resid_post.5/36", 10, -0.1, 0.9),
            new EdgeWeightPoint("resid_post.5/36", "y", 100, 0.3, 0.25),
        ],
        Coefficients =
        [
            new EdgeCoefficient("embed/error", "resid_post.5/36", 700, 0, -0.5), new EdgeCoefficient("embed/error", "resid_post.5/36", 3, 0, 1e-300), new EdgeCoefficient("resid_post.5/36", "y", 0, 2, 0.25),
        ],
        Examples =
        [
            new CircuitExample("resid_post.5/36", "=SUM(A1), \"the cats\tare\"\r\nhere", 3.5),
            new CircuitExample("embed/7", "É", -1),
            new CircuitExample("resid_post.5/36", "second", 2) { Tokens = [new ExampleToken("sec", 2), new ExampleToken("<on\"d>", 0)] },
        ],
        Profiles =
        [
            new FeatureProfile("resid_post.5/36", 1000, 12, 0.03, 3.5)
            {
                Histogram = [new ActivationBin(0, 2, 9), new ActivationBin(2, 4, 3)],
                Promoted = [new TokenEffect(" are", 1.5), new TokenEffect("\t\"x\"", 1.25)],
                Suppressed = [new TokenEffect(" is", -2)],
            },
            new FeatureProfile("embed/7", 0, 0, 0, 0),
        ],
        Readout = new CircuitReadout(
            Pooling.Max, [0.5, -1.0 / 3, 5e-324], [new("resid_post.5", false, 36, 2, 0.7), new("embed", true, 3, 0, -1e-300), new("embed", false, 7, 0, 1e300)], ["no", "\"yes\"", "λ 🙂"], maximumTokens: 128),
        Metrics = new Dictionary<string, double> { ["r2"] = 0.75, ["auc (shuffled labels)"] = 0.5 },
        Provenance = new Dictionary<string, string> { ["model"] = "sha256:00ff", ["command"] = "circuitlasso learn --store 'a b'" },
    };

    private static double Weight(Random random) => Math.Pow(random.NextDouble(), 4) * (random.Next(2) == 0 ? 1 : -1);
}
