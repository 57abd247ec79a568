using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A feature circuit by the indices of its nodes, as the ablation of edges needs it.</summary>
internal sealed class FeatureEdgeGraph
{
    private readonly Dictionary<(string Source, string Target), int> _indexOfEdge = [];
    private readonly EdgeCoefficient[][] _ofError;

    public FeatureEdgeGraph(AutoencoderSites sites, ReadoutBehaviour? readout, Circuit circuit, string subject)
    {
        if (circuit.Target.Kind is not (CircuitNodeKind.Target or CircuitNodeKind.Logits))
        {
            throw new InputException(subject, "explains no behaviour", "give a circuit that was learnt with a target, or found by sfc");
        }

        HashSet<string> named = [.. circuit.Edges.SelectMany(edge => (string[])[edge.Source, edge.Target])];
        (FeatureNode Node, CircuitNode Of)[] nodes = [.. FeatureRanking.NodesOf(circuit, sites, circuit.Nodes.Where(node => named.Contains(node.Name)))];
        if (nodes.Length == 0)
        {
            throw new InputException(subject, "has no edge", "give a circuit with edges");
        }

        if (nodes.GroupBy(pair => pair.Node with { Position = FeatureNode.Everywhere }).FirstOrDefault(same => same.Count() > 1 && same.Any(pair => pair.Node.Position == FeatureNode.Everywhere)) is { } twice)
        {
            throw new InputException(subject, $"has {sites.NameOf(twice.Key)} both at all positions and at single ones", "give a circuit whose nodes all stand for single positions, or all for every one");
        }

        // The sites of the circuit and of what is read alone, numbered anew.
        int[] used = [.. nodes.Select(pair => pair.Node.Site).Concat(readout?.ReadSites.Select(site => sites.IndexOf(readout.Sites[site].Site.ToString())).Where(site => site >= 0) ?? []).Distinct().Order()];
        Sites = new AutoencoderSites(sites.Model, used.Select(site => sites[site]));
        Nodes = [.. nodes.Select(pair => pair.Node with { Site = Array.IndexOf(used, pair.Node.Site) }).OrderBy(node => (node.Site, node.Feature, node.Position))];
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
            if (target < Nodes.Count && Nodes[source].Position > Nodes[target].Position && Nodes[target].Position != FeatureNode.Everywhere)
            {
                throw new InputException(subject, $"has an edge from {Edges[edge].Source} back to {Edges[edge].Target}, at an earlier position", "give a circuit whose edges go forwards");
            }

            Into[target].Add(edge);
            _indexOfEdge[(Edges[edge].Source, Edges[edge].Target)] = edge;
        }

        OutputSites = FeatureEdgeGradients.SourcesOf(Sites, Sites.Count);
        Relevances = [.. Nodes.Select(node => circuit[Sites.NameOf(node)].Relevance)];
        _ofError = OfErrors(circuit, subject);
        HasCoefficients = Nodes.Where((node, i) => !node.IsError || CarriesError(i)).Select(node => node.Position == FeatureNode.Everywhere).Distinct().Count() <= 1 && Edges.All(edge => circuit[edge.Source].Kind != CircuitNodeKind.Feature || circuit[edge.Target].Kind != CircuitNodeKind.Feature || edge.Norm is not null);
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

    /// <summary>The sites that reach the model's output without passing another, rising.</summary>
    public int[] OutputSites { get; }

    /// <summary>Whether edges between features carry coefficients: of nodes that all stand for single positions from row to row of a text, of others in every row alike.</summary>
    public bool HasCoefficients { get; }

    /// <summary>Whether a node is one of a position.</summary>
    public bool IsAt(int node, int position) => Nodes[node].Position == FeatureNode.Everywhere || Nodes[node].Position == position;

    /// <summary>The row in which an edge's source is read where its target is in a row of a position: the same, or that of the source's own position.</summary>
    public int SourceRow(int edge, int row, int position) => Nodes[Sources[edge]].Position is >= 0 and int at ? row - position + at : row;

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

    /// <summary>The coefficient of an edge between features; 0 from an error, which has one for each coordinate.</summary>
    public double Coefficient(int edge) => Nodes[Sources[edge]].IsError ? 0 : Edges[edge].Weight;

    /// <summary>The coefficients of an edge from an error into a feature, coordinate by coordinate; none of other edges, and where the circuit has none.</summary>
    public IReadOnlyList<EdgeCoefficient> CoefficientsOfError(int edge) => _ofError[edge];

    private bool CarriesError(int node) => Enumerable.Range(0, Edges.Count).Any(edge => Sources[edge] == node && _ofError[edge].Length > 0);

    private EdgeCoefficient[][] OfErrors(Circuit circuit, string subject)
    {
        ILookup<(string, string), EdgeCoefficient> known = circuit.Coefficients.ToLookup(part => (part.Source, part.Target));
        EdgeCoefficient[][] ofError = [.. Edges.Select(_ => Array.Empty<EdgeCoefficient>())];
        foreach (int edge in Into[..^1].Where((_, target) => !Nodes[target].IsError).SelectMany(edges => edges).Where(edge => Nodes[Sources[edge]].IsError))
        {
            ofError[edge] = [.. known[(Edges[edge].Source, Edges[edge].Target)]];
            int width = Sites[Nodes[Sources[edge]].Site].Autoencoder.OutputWidth;
            if (Array.Find(ofError[edge], part => part.Coordinate >= width || part.Output > 0) is { } odd)
            {
                throw new InputException(
                    subject, string.Create(CultureInfo.InvariantCulture, $"has a coefficient of coordinate {odd.Coordinate}, output {odd.Output}, from {odd.Source} to {odd.Target}, and the site is {width} wide"),
                    "give the autoencoders that the circuit was learnt with (--sae)");
            }
        }

        return ofError;
    }
}
