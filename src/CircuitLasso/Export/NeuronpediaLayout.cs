using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Gives every node of a circuit the row and the number that name it in Neuronpedia's graph JSON. A row is a layer where all sites are of one kind, so
/// that a page can find the features; elsewhere attention and MLP of a layer would share a row, and rows are numbered in computation order instead.
/// </summary>
internal sealed class NeuronpediaLayout
{
    private readonly Circuit _circuit;
    private readonly int _position;
    private readonly Dictionary<string, NeuronpediaNode> _nodes = new(StringComparer.Ordinal);

    private NeuronpediaLayout(Circuit circuit, int position)
    {
        _circuit = circuit;
        _position = position;
        HashSet<string> read = [.. circuit.Edges.Select(edge => edge.Source)];
        CircuitNode[] outputs = [.. circuit.Nodes.Where(node => node.Kind is CircuitNodeKind.Target or CircuitNodeKind.Logits && !read.Contains(node.Name))];
        CircuitNode[] inputs = [.. circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Input)];
        CircuitNode[] between = [.. circuit.Nodes.Except(outputs).Except(inputs)];
        if (between.Length == 0)
        {
            throw new InputException(
                "--format neuronpedia", "the circuit has no node between input and target, and Neuronpedia's page refuses such a graph", "learn a circuit with more edges, or choose another format");
        }

        RowsAreLayers = between.All(node => SiteOf(node) is not null && node.Layer is not null)
            && between.Select(node => KindOf(SiteOf(node)!)).Distinct().ToArray() is [not null]
            && between.Max(node => node.Layer) >= 1;
        Func<CircuitNode, int> row = RowsAreLayers ? node => node.Layer!.Value : RowsInOrder(between);
        foreach (IGrouping<int, CircuitNode> nodes in between.GroupBy(row))
        {
            AddRow(nodes.Key, [.. nodes]);
        }

        int top = between.Max(row);
        for (int i = 0; i < inputs.Length; i++)
        {
            Add(new NeuronpediaNode(inputs[i], "E", i, position + i, NeuronpediaNode.EmbeddingKind, position));
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            Add(new NeuronpediaNode(outputs[i], Text(top + 1), i, i, NeuronpediaNode.LogitKind, position));
        }
    }

    /// <summary>Whether the number of a row is the model's layer.</summary>
    internal bool RowsAreLayers { get; }

    /// <summary>The nodes, in the order of the circuit.</summary>
    internal IEnumerable<NeuronpediaNode> Nodes => _circuit.Nodes.Select(node => _nodes[node.Name]);

    /// <summary>The node of that name.</summary>
    internal NeuronpediaNode this[string name] => _nodes[name];

    /// <summary>Lays out a circuit without candidates.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="position">The last token, at which all nodes stand that have no position of their own.</param>
    internal static NeuronpediaLayout Of(Circuit circuit, int position) => new(circuit, position);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? SiteOf(CircuitNode node) =>
        node.Kind is CircuitNodeKind.Feature or CircuitNodeKind.Error && node.Name.LastIndexOf('/') is > 0 and int slash ? node.Name[..slash] : null;

    private int PositionOf(CircuitNode node)
    {
        FeatureName.WithoutPosition(node.Name, out int? position);
        return node.Kind is CircuitNodeKind.Feature or CircuitNodeKind.Error && position <= _position ? position.Value : _position;
    }

    // The kind of a site that belongs to a layer; null for others and for names that are no site.
    private static SiteKind? KindOf(string site)
    {
        try
        {
            Site parsed = Site.Parse(site);
            return Site.HasLayer(parsed.Kind) ? parsed.Kind : null;
        }
        catch (InputException)
        {
            return null;
        }
    }

    // In circuits of components the place itself: a layer is two rows, or one where its sublayers stand side by side. Else a row for each site.
    private Func<CircuitNode, int> RowsInOrder(CircuitNode[] nodes)
    {
        if (_circuit.Components is { } graph && nodes.All(node => graph.IndexOf(node.Name) >= 0))
        {
            return node => graph.Nodes[graph.IndexOf(node.Name)].Place;
        }

        (int, string?)[] rows = [.. nodes.Select(node => (node.Place, SiteOf(node))).Distinct()];
        Dictionary<(int, string?), int> numbers = rows.Select((row, index) => (row, index)).ToDictionary(pair => pair.row, pair => pair.index + 1);
        return node => numbers[(node.Place, SiteOf(node))];
    }

    private void AddRow(int row, CircuitNode[] nodes)
    {
        HashSet<(long Number, int Position)> taken = [];
        HashSet<int> errors = [];
        List<CircuitNode> unnumbered = [];
        foreach (CircuitNode node in nodes)
        {
            if (node.Kind == CircuitNodeKind.Error && errors.Add(PositionOf(node)))
            {
                bool isAttention = SiteOf(node)?.StartsWith("attn", StringComparison.Ordinal) ?? false;
                Add(new NeuronpediaNode(node, Text(row), -1, -1, isAttention ? NeuronpediaNode.AttentionErrorKind : NeuronpediaNode.ErrorKind, PositionOf(node)));
            }
            else if (NumberOf(node) is { } number && taken.Add((number, PositionOf(node))))
            {
                AddNumbered(row, number, node);
            }
            else
            {
                unnumbered.Add(node);
            }
        }

        long next = taken.Select(number => number.Number).DefaultIfEmpty(-1).Max() + 1;
        foreach (CircuitNode node in unnumbered)
        {
            AddNumbered(row, next++, node);
        }
    }

    // A head's number is its place in the layer, the MLP's is the number of heads.
    private long? NumberOf(CircuitNode node) => node.Kind switch
    {
        CircuitNodeKind.Feature => FeatureName.Parse(node.Name)?.Index,
        CircuitNodeKind.AttentionHead or CircuitNodeKind.Mlp when _circuit.Components is { } graph && graph.IndexOf(node.Name) is >= 0 and int index =>
            graph.Nodes[index].Head ?? graph.Heads,
        _ => null,
    };

    private void AddNumbered(int row, long number, CircuitNode node)
    {
        bool isFeature = node.Kind == CircuitNodeKind.Feature;
        long feature = isFeature ? NeuronpediaNode.Cantor(row, number) : number;
        Add(new NeuronpediaNode(node, Text(row), number, feature, isFeature ? NeuronpediaNode.FeatureKind : NeuronpediaNode.UnknownKind, PositionOf(node)));
    }

    private void Add(NeuronpediaNode node) => _nodes.Add(node.Node.Name, node);
}
