using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>
/// The known circuit of a model that InterpBench published: <c>edges.pkl</c>, a pickled list of pairs of TransformerLens's names, such as
/// <c>("blocks.0.mlp.hook_post[:]", "blocks.1.attn.hook_result[:, :, 2]")</c>. Queries, keys and values are not told apart, as there.
/// </summary>
public static class PublishedEdges
{
    private const string Remedy = "give InterpBench's edges.pkl of this model, or move it away to convert the model alone";

    /// <summary>Reads a circuit.</summary>
    /// <param name="path">The file. Nothing in it is run.</param>
    /// <param name="graph">The model's components.</param>
    /// <returns>The circuit: score 1 and inside for every edge of the file, score 0 and outside for the other candidates.</returns>
    /// <exception cref="InputException">The file is damaged, holds something else than pairs of names, names a component that the model does not have, or an edge that no candidate is.</exception>
    public static ComponentDiscovery Read(string path, ComponentGraph graph)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(graph);
        using TorchFile file = TorchFile.Read(path);
        List<object?> pairs = file.Root as List<object?> ?? throw Bad(path, "does not hold a list");
        double[] scores = new double[graph.EdgeCount];
        bool[] inCircuit = new bool[graph.EdgeCount];
        foreach (object? pair in pairs)
        {
            if (pair is not (object?[] or List<object?>) || (IReadOnlyList<object?>)pair is not [string from, string to])
            {
                throw Bad(path, "holds something that is no pair of names");
            }

            (int source, int target) = (Find(path, graph, from), Find(path, graph, to));
            if (source >= graph.SourceCount(target))
            {
                throw Bad(path, $"has an edge from {graph.Nodes[source].Name} to {graph.Nodes[target].Name}, which is no candidate of the model");
            }

            long edge = graph.EdgeIndex(source, target);
            (scores[edge], inCircuit[edge]) = (1, true);
        }

        return new ComponentDiscovery { Scores = new EdgeScores(graph, scores), InCircuit = inCircuit };
    }

    private static int Find(string path, ComponentGraph graph, string name)
    {
        string place = name;
        string? index = null;
        int bracket = name.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0 && name.EndsWith(']'))
        {
            (place, index) = (name[..bracket], name[(bracket + 1)..^1]);
        }

        string[] parts = place.Split('.', 3);
        if (parts is ["blocks", var number, var hook] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int layer))
        {
            int? head = Head(index);
            int node = (hook, head) switch
            {
                ("hook_resid_pre", null) when layer == 0 => 0,
                ("hook_resid_post", null) when layer == graph.Layers - 1 => graph.Nodes.Count - 1,
                ("hook_mlp_out" or "mlp.hook_post", null) => graph.IndexOf(ComponentGraph.MlpName(layer)),
                ("attn.hook_result" or "attn.hook_z", int which) => graph.IndexOf(ComponentGraph.HeadName(layer, which)),
                _ => -1,
            };
            if (node >= 0)
            {
                return node;
            }
        }

        throw Bad(path, $"names '{(name.Length <= 100 ? name : name[..100])}', which is no component of {graph.Layers} layers with {graph.Heads} heads");
    }

    // The one number among the colons of [:, :, 2]; null where there is none, -1 where the index is something else.
    private static int? Head(string? index)
    {
        int? head = null;
        foreach (string item in index?.Split(',') ?? [])
        {
            string part = item.Trim();
            if (part is ":" or "COLON" or "None")
            {
                continue;
            }

            head = head is null && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
        }

        return head;
    }

    private static InputException Bad(string path, string problem) => new(path, problem, Remedy);
}
