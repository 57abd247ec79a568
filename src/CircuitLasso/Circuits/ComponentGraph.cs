using System.Globalization;

namespace CircuitLasso;

/// <summary>
/// The candidate edges between the components of a transformer: the one object that every method and every metric shares. Nodes are
/// <c>input</c>, <c>a{layer}.h{head}</c>, <c>m{layer}</c> and <c>logits</c>, named and ordered as EAP-IG does (<c>src/eap/graph.py</c>); every node may
/// read every node of a smaller place. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// <para>Places: input 0; in sequential blocks the heads of layer l have 2l + 1 and its MLP 2l + 2, so the MLP reads its own layer's heads; in parallel
/// blocks (Pythia) both have l + 1 and neither reads the other; logits come last.</para>
/// <para>Counting: <see cref="EdgeCount"/> counts whole edges, input to logits among them. EAP-IG counts edges into a head three times, once for its
/// queries, keys and values: <see cref="SplitEdgeCount"/> (GPT-2 small: 157 sources, 32,491 edges). InterpBench counts whole edges without
/// input to logits: one less than <see cref="EdgeCount"/> (2 layers of 4 heads: 53; 4 of 4: 206; 6 of 4: 459).</para>
/// </remarks>
public sealed class ComponentGraph
{
    private const int MaximumNodes = 1 << 18;
    private readonly Dictionary<string, int> _indexOfNode;
    private readonly int[] _sourceCount;
    private readonly long[] _firstEdge;
    private readonly long[] _firstSplitEdge;

    /// <summary>Creates the graph of a model.</summary>
    /// <param name="layers">Number of layers, at least 1.</param>
    /// <param name="heads">Attention (query) heads of a layer, at least 1.</param>
    /// <param name="parallelBlocks">Whether attention and MLP of a layer read the same residual stream side by side.</param>
    /// <param name="width">Width of the residual stream, at least 1; it shapes no edge, but files of component circuits carry it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or the graph has more than 2^18 nodes.</exception>
    public ComponentGraph(int layers, int heads, bool parallelBlocks, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(((long)layers * (heads + 1L)) + 2, MaximumNodes, nameof(heads));
        Layers = layers;
        Heads = heads;
        ParallelBlocks = parallelBlocks;
        Width = width;
        ComponentNode[] nodes = [.. CreateNodes(layers, heads, parallelBlocks)];
        Nodes = Array.AsReadOnly(nodes);
        _indexOfNode = new Dictionary<string, int>(nodes.Length, StringComparer.Ordinal);
        _sourceCount = new int[nodes.Length];
        _firstEdge = new long[nodes.Length];
        _firstSplitEdge = new long[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            _indexOfNode.Add(nodes[i].Name, i);

            // Nodes are in order of place, so the sources of a node are all nodes before the first of its own place.
            _sourceCount[i] = i > 0 && nodes[i].Place == nodes[i - 1].Place ? _sourceCount[i - 1] : i;
            (_firstEdge[i], _firstSplitEdge[i]) = (EdgeCount, SplitEdgeCount);
            EdgeCount += _sourceCount[i];
            SplitEdgeCount += _sourceCount[i] * (nodes[i].Kind == CircuitNodeKind.AttentionHead ? 3L : 1L);
        }
    }

    /// <summary>Number of layers.</summary>
    public int Layers { get; }

    /// <summary>Attention heads of a layer.</summary>
    public int Heads { get; }

    /// <summary>Whether attention and MLP of a layer read the same residual stream side by side.</summary>
    public bool ParallelBlocks { get; }

    /// <summary>Width of the residual stream.</summary>
    public int Width { get; }

    /// <summary>All nodes in computation order: input, then each layer's heads and its MLP, then logits; layers x (heads + 1) + 2 of them.</summary>
    public IReadOnlyList<ComponentNode> Nodes { get; }

    /// <summary>Number of candidate edges, each counted once.</summary>
    public long EdgeCount { get; }

    /// <summary>Number of candidate edges when an edge into a head counts three times, for queries, keys and values.</summary>
    public long SplitEdgeCount { get; }

    /// <summary>Every candidate edge as positions in <see cref="Nodes"/>, by target and then source.</summary>
    public IEnumerable<(int Source, int Target)> Edges
    {
        get
        {
            for (int target = 0; target < Nodes.Count; target++)
            {
                for (int source = 0; source < _sourceCount[target]; source++)
                {
                    yield return (source, target);
                }
            }
        }
    }

    /// <summary>The name of a head: <c>a{layer}.h{head}</c>.</summary>
    /// <param name="layer">Layer from 0.</param>
    /// <param name="head">Head from 0.</param>
    public static string HeadName(int layer, int head) => string.Create(CultureInfo.InvariantCulture, $"a{layer}.h{head}");

    /// <summary>The name of an MLP: <c>m{layer}</c>.</summary>
    /// <param name="layer">Layer from 0.</param>
    public static string MlpName(int layer) => string.Create(CultureInfo.InvariantCulture, $"m{layer}");

    /// <summary>The position of a node in <see cref="Nodes"/>, or -1.</summary>
    /// <param name="name">Name of a node.</param>
    public int IndexOf(string name) => _indexOfNode.GetValueOrDefault(name, -1);

    /// <summary>How many nodes a node may read: these are the first ones of <see cref="Nodes"/>.</summary>
    /// <param name="target">Position of the reading node in <see cref="Nodes"/>.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such node.</exception>
    public int SourceCount(int target) => _sourceCount[target];

    /// <summary>The place of an edge in <see cref="Edges"/>.</summary>
    /// <param name="source">Position of the source in <see cref="Nodes"/>.</param>
    /// <param name="target">Position of the target in <see cref="Nodes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such edge.</exception>
    public long EdgeIndex(int source, int target) => _firstEdge[target] + RequireEdge(source, target);

    /// <summary>
    /// The place of a part of an edge in the list of split edges: <see cref="Edges"/>, where each edge into a head stands three times, for queries, keys and values.
    /// </summary>
    /// <param name="source">Position of the source in <see cref="Nodes"/>.</param>
    /// <param name="target">Position of the target in <see cref="Nodes"/>.</param>
    /// <param name="part">Which of the head's inputs; queries for targets that are no heads, whose edges are whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such edge.</exception>
    public long SplitEdgeIndex(int source, int target, HeadInput part = HeadInput.Query)
    {
        bool isHead = Nodes[target].Kind == CircuitNodeKind.AttentionHead;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)part, isHead ? 2 : 0, nameof(part));
        return _firstSplitEdge[target] + ((isHead ? 3L : 1L) * RequireEdge(source, target)) + (int)part;
    }

    /// <summary>Whether one node may read another.</summary>
    /// <param name="source">Name of the node that would be read.</param>
    /// <param name="target">Name of the node that would read.</param>
    public bool Contains(string source, string target) =>
        _indexOfNode.TryGetValue(source, out int i) && _indexOfNode.TryGetValue(target, out int j) && i < _sourceCount[j];

    private int RequireEdge(int source, int target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(source);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(source, _sourceCount[target]);
        return source;
    }

    private static IEnumerable<ComponentNode> CreateNodes(int layers, int heads, bool parallelBlocks)
    {
        int places = parallelBlocks ? 1 : 2;
        yield return new ComponentNode("input", CircuitNodeKind.Input, null, null, 0);
        for (int layer = 0; layer < layers; layer++)
        {
            int place = 1 + (places * layer);
            for (int head = 0; head < heads; head++)
            {
                yield return new ComponentNode(HeadName(layer, head), CircuitNodeKind.AttentionHead, layer, head, place);
            }

            yield return new ComponentNode(MlpName(layer), CircuitNodeKind.Mlp, layer, null, place + places - 1);
        }

        yield return new ComponentNode("logits", CircuitNodeKind.Logits, null, null, 1 + (places * layers));
    }
}
