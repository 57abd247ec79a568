using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A feature circuit by the indices of its nodes, as the ablation of edges needs it.</summary>
internal sealed class FeatureEdgeGraph
{
    private readonly Dictionary<(string Source, string Target), int> _indexOfEdge = [];

    public FeatureEdgeGraph(AutoencoderSites sites, Circuit circuit, string subject)
    {
        if (circuit.Target.Kind is not (CircuitNodeKind.Target or CircuitNodeKind.Logits))
        {
            throw new InputException(subject, "explains no behaviour", "give a circuit that was learnt with a target, or found by sfc");
        }

        HashSet<string> named = [.. circuit.Edges.SelectMany(edge => (string[])[edge.Source, edge.Target])];
        (FeatureNode Node, CircuitNode Of)[] nodes = [.. FeatureRanking.NodesOf(circuit, sites, circuit.Nodes.Where(node => named.Contains(node.Name)))];
        if (Array.Exists(nodes, pair => pair.Node.Position != FeatureNode.Everywhere))
        {
            throw new InputException(subject, "has nodes of single positions", "give a circuit whose nodes stand for all positions");
        }

        // The circuit's own sites alone, numbered anew.
        int[] used = [.. nodes.Select(pair => pair.Node.Site).Distinct().Order()];
        if (used.Length == 0)
        {
            throw new InputException(subject, "has no edge", "give a circuit with edges");
        }

        Sites = new AutoencoderSites(sites.Model, used.Select(site => sites[site]));
        Nodes = [.. nodes.Select(pair => pair.Node with { Site = Array.IndexOf(used, pair.Node.Site) }).OrderBy(node => (node.Site, node.Feature))];
        Dictionary<string, int> index = Nodes.Select((node, i) => (Sites.NameOf(node), i)).ToDictionary(pair => pair.Item1, pair => pair.i, StringComparer.Ordinal);
        Edges = [.. circuit.Edges];
        Sources = new int[Edges.Count];
        Into = [.. Enumerable.Range(0, Nodes.Count + 1).Select(_ => new List<int>())];
        for (int edge = 0; edge < Edges.Count; edge++)
        {
            int target = Edges[edge].Target == circuit.Target.Name ? Nodes.Count : index[Edges[edge].Target];
            Sources[edge] = index.TryGetValue(Edges[edge].Source, out int source)
                ? source
                : throw new InputException(subject, $"has an edge from {Edges[edge].Source}, which is neither a feature nor an error", "give a circuit of features");
            Into[target].Add(edge);
            _indexOfEdge[(Edges[edge].Source, Edges[edge].Target)] = edge;
        }

        int[] read = [.. Into[^1].Select(edge => Nodes[Sources[edge]].Site).Distinct()];
        LastSite = read.Length == 1 && read[0] == Sites.Count - 1
            ? read[0]
            : throw new InputException(subject, "has edges into its target from other sites than the last, whose reading the model does not keep apart", "learn with --sources adjacent");
        Relevances = [.. Nodes.Select(node => circuit[Sites.NameOf(node)].Relevance)];
        HasCoefficients = Edges.All(edge => circuit[edge.Source].Kind != CircuitNodeKind.Feature || circuit[edge.Target].Kind != CircuitNodeKind.Feature || edge.Norm is not null);
    }

    /// <summary>The circuit's sites.</summary>
    public AutoencoderSites Sites { get; }

    /// <summary>The nodes on edges, by site.</summary>
    public IReadOnlyList<FeatureNode> Nodes { get; }

    /// <summary>What the circuit says of their relevance.</summary>
    public double[] Relevances { get; }

    /// <summary>The edges.</summary>
    public IReadOnlyList<CircuitEdge> Edges { get; }

    /// <summary>The source of each edge.</summary>
    public int[] Sources { get; }

    /// <summary>The edges into each node, and last into the behaviour.</summary>
    public List<int>[] Into { get; }

    /// <summary>The site that the behaviour reads.</summary>
    public int LastSite { get; }

    /// <summary>Whether edges between features carry coefficients.</summary>
    public bool HasCoefficients { get; }

    /// <summary>Which edges are among some.</summary>
    public bool[] Mark(IEnumerable<CircuitEdge> edges)
    {
        bool[] marks = new bool[Edges.Count];
        foreach (CircuitEdge edge in edges)
        {
            marks[_indexOfEdge[(edge.Source, edge.Target)]] = true;
        }

        return marks;
    }

    /// <summary>The coefficient of an edge between features; 0 from an error, whose coefficients no file holds.</summary>
    public double Coefficient(int edge) => Nodes[Sources[edge]].IsError ? 0 : Edges[edge].Weight;
}
