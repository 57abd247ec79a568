using System.Collections.ObjectModel;

namespace CircuitLasso;

/// <summary>
/// A directed acyclic graph of weighted edges between parts of a model, with what was measured on it and where it comes from. It knows no
/// method and no model. Immutable, so any number of threads may read it; the functions on it are in <see cref="CircuitSelection"/> and
/// <see cref="StrongestPaths"/>.
/// </summary>
/// <remarks>
/// Nodes are kept in computation order (place, then <see cref="NodeNameOrder"/>) and edges by source and then target in that order, so two circuits
/// with the same content are the same whatever order they were built in. Characters that XML cannot carry become U+FFFD in labels, examples
/// and provenance values.
/// </remarks>
public sealed partial class Circuit
{
    private readonly Dictionary<string, int> _indexOfNode;
    private readonly Dictionary<(string Source, string Target), int> _indexOfEdge;
    private readonly IReadOnlyList<CircuitExample> _examples = [];
    private readonly IReadOnlyList<FeatureProfile> _profiles = [];
    private readonly IReadOnlyDictionary<string, double> _metrics = ReadOnlyDictionary<string, double>.Empty;
    private readonly IReadOnlyDictionary<string, string> _provenance = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Creates a circuit.</summary>
    /// <param name="nodes">The nodes, at least one, in any order.</param>
    /// <param name="edges">The edges, in any order; each goes from a smaller place to a larger one, at most one between two nodes.</param>
    /// <param name="target">
    /// Name of the node that the circuit explains. When null: the last node of kind <see cref="CircuitNodeKind.Target"/>, else the last of kind
    /// <see cref="CircuitNodeKind.Logits"/>, else the last node.
    /// </param>
    /// <exception cref="ArgumentException">A name is used twice, not known or not writable, a number is not finite, or an edge does not go forward.</exception>
    public Circuit(IEnumerable<CircuitNode> nodes, IEnumerable<CircuitEdge> edges, string? target = null)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(edges);
        CircuitNode[] sorted = [.. nodes];
        foreach (CircuitNode node in sorted)
        {
            Check(node);
        }

        Check(sorted.Length > 0, "a circuit has at least one node");
        Array.Sort(sorted, static (x, y) => x.Place != y.Place ? x.Place.CompareTo(y.Place) : NodeNameOrder.Instance.Compare(x.Name, y.Name));
        _indexOfNode = new Dictionary<string, int>(sorted.Length, StringComparer.Ordinal);
        for (int i = 0; i < sorted.Length; i++)
        {
            Check(_indexOfNode.TryAdd(sorted[i].Name, i), $"node '{sorted[i].Name}' appears twice");
            if (sorted[i].Label is { } label)
            {
                sorted[i] = sorted[i] with { Label = CircuitText.Writable(label) };
            }
        }

        Nodes = Array.AsReadOnly(sorted);
        HasInput = Array.Exists(sorted, node => node.Kind == CircuitNodeKind.Input);
        CircuitEdge[] sortedEdges = [.. edges];
        long[] keys = new long[sortedEdges.Length];
        for (int i = 0; i < sortedEdges.Length; i++)
        {
            CircuitEdge edge = sortedEdges[i];
            Check(edge);
            keys[i] = ((long)_indexOfNode[edge.Source] << 32) + _indexOfNode[edge.Target];
        }

        Array.Sort(keys, sortedEdges);
        _indexOfEdge = new Dictionary<(string, string), int>(sortedEdges.Length);
        for (int i = 0; i < sortedEdges.Length; i++)
        {
            if (!_indexOfEdge.TryAdd((sortedEdges[i].Source, sortedEdges[i].Target), i))
            {
                throw new ArgumentException($"edge {sortedEdges[i].Source}->{sortedEdges[i].Target} appears twice");
            }
        }

        Edges = Array.AsReadOnly(sortedEdges);
        Check(target is null || _indexOfNode.ContainsKey(target), $"the target '{target}' is not a node");
        Target = target is not null ? this[target]
            : sorted.LastOrDefault(node => node.Kind == CircuitNodeKind.Target)
            ?? sorted.LastOrDefault(node => node.Kind == CircuitNodeKind.Logits)
            ?? sorted[^1];
    }

    /// <summary>The nodes in computation order.</summary>
    public IReadOnlyList<CircuitNode> Nodes { get; }

    /// <summary>The edges, by source and then target in computation order: those of the circuit and the candidates that were scored.</summary>
    public IReadOnlyList<CircuitEdge> Edges { get; }

    /// <summary>The node that the circuit explains.</summary>
    public CircuitNode Target { get; }

    internal bool HasInput { get; }

    /// <summary>The candidate edges that a component circuit was chosen from; null for circuits of features or of the user's own blocks.</summary>
    public ComponentGraph? Components { get; init; }

    /// <summary>Texts on which nodes are strong, by node in computation order and otherwise as given.</summary>
    /// <exception cref="ArgumentException">An example names no node of the circuit or its value is not finite.</exception>
    public IReadOnlyList<CircuitExample> Examples
    {
        get => _examples;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            foreach (CircuitExample example in value)
            {
                Check(_indexOfNode.ContainsKey(example.Node), $"an example names '{example.Node}', which is not a node");
                Check(
                    double.IsFinite(example.Value) && example.Tokens.All(token => double.IsFinite(token.Value)),
                    $"an example of '{example.Node}' has a value that is not finite");
            }

            _examples = Array.AsReadOnly(value.OrderBy(example => _indexOfNode[example.Node])
                .Select(example => example with
                {
                    Text = CircuitText.Writable(example.Text),
                    Tokens = [.. example.Tokens.Select(token => token with { Text = CircuitText.Writable(token.Text) })],
                }).ToArray());
        }
    }

    /// <summary>What was seen of features on texts, by node in computation order; at most one a node.</summary>
    /// <exception cref="ArgumentException">A profile names no node of the circuit, repeats another, or holds a number that is not finite or not possible.</exception>
    public IReadOnlyList<FeatureProfile> Profiles
    {
        get => _profiles;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            HashSet<string> seen = new(StringComparer.Ordinal);
            foreach (FeatureProfile profile in value)
            {
                Check(_indexOfNode.ContainsKey(profile.Node), $"a profile names '{profile.Node}', which is not a node");
                Check(seen.Add(profile.Node), $"node '{profile.Node}' has two profiles");
                Check(profile.Problem() is null, $"the profile of '{profile.Node}' {profile.Problem()}");
            }

            _profiles = Array.AsReadOnly(value.OrderBy(profile => _indexOfNode[profile.Node]).Select(profile => profile.Writable()).ToArray());
        }
    }

    /// <summary>The fitted map from features to what the circuit explains; null where there is none.</summary>
    public CircuitReadout? Readout { get; init; }

    /// <summary>What was measured, by name, in the order in which it was given.</summary>
    /// <exception cref="ArgumentException">A name is empty or not writable, or a value is not finite.</exception>
    public IReadOnlyDictionary<string, double> Metrics
    {
        get => _metrics;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            OrderedDictionary<string, double> metrics = new(StringComparer.Ordinal);
            foreach ((string name, double number) in value)
            {
                Check(CircuitText.IsName(name), "the name of a metric is empty, too long or holds control characters");
                Check(double.IsFinite(number), $"metric '{name}' is not finite");
                metrics.Add(name, number);
            }

            _metrics = metrics;
        }
    }

    /// <summary>
    /// Where the circuit comes from (hashes of model and text, options, versions, the command), in the order in which it was given. Results only:
    /// clock times and seconds do not belong here, so that the same work gives the same bytes.
    /// </summary>
    /// <exception cref="ArgumentException">A key is empty or not writable.</exception>
    public IReadOnlyDictionary<string, string> Provenance
    {
        get => _provenance;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            OrderedDictionary<string, string> provenance = new(StringComparer.Ordinal);
            foreach ((string key, string text) in value)
            {
                Check(CircuitText.IsName(key), "a provenance key is empty, too long or holds control characters");
                provenance.Add(key, CircuitText.Writable(text));
            }

            _provenance = provenance;
        }
    }

    /// <summary>The node of that name.</summary>
    /// <param name="name">Name of a node.</param>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public CircuitNode this[string name] => Nodes[_indexOfNode[name]];

    /// <summary>The position of a node in <see cref="Nodes"/>, or -1.</summary>
    /// <param name="name">Name of a node.</param>
    public int IndexOf(string name) => _indexOfNode.GetValueOrDefault(name, -1);

    /// <summary>The edge between two nodes, or null.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="target">Name of the target.</param>
    public CircuitEdge? Edge(string source, string target) => _indexOfEdge.TryGetValue((source, target), out int index) ? Edges[index] : null;

    /// <summary>The same circuit with some of its parts replaced; null leaves a part as it is.</summary>
    /// <param name="nodes">New nodes.</param>
    /// <param name="edges">New edges.</param>
    /// <param name="weightPath">New weights along the path; when null, those of the edges that are left.</param>
    /// <param name="examples">New examples; when null, those of the nodes that are left.</param>
    /// <param name="metrics">New metrics.</param>
    /// <param name="provenance">New provenance.</param>
    /// <param name="profiles">New profiles; when null, those of the nodes that are left.</param>
    /// <param name="coefficients">New coefficients; when null, those of the edges that are left.</param>
    /// <param name="readout">A new readout.</param>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    public Circuit With(
        IEnumerable<CircuitNode>? nodes = null,
        IEnumerable<CircuitEdge>? edges = null,
        IEnumerable<EdgeWeightPoint>? weightPath = null,
        IEnumerable<CircuitExample>? examples = null,
        IReadOnlyDictionary<string, double>? metrics = null,
        IReadOnlyDictionary<string, string>? provenance = null,
        IEnumerable<FeatureProfile>? profiles = null,
        IEnumerable<EdgeCoefficient>? coefficients = null,
        CircuitReadout? readout = null)
    {
        Circuit core = new(nodes ?? Nodes, edges ?? Edges, Target.Name);
        return new Circuit(core.Nodes, core.Edges, Target.Name)
        {
            Components = Components,
            WeightPath = [.. weightPath ?? WeightPath.Where(point => core.Edge(point.Source, point.Target) is not null)],
            Coefficients = [.. coefficients ?? Coefficients.Where(coefficient => core.Edge(coefficient.Source, coefficient.Target) is not null)],
            Examples = [.. examples ?? Examples.Where(example => core.IndexOf(example.Node) >= 0)],
            Profiles = [.. profiles ?? Profiles.Where(profile => core.IndexOf(profile.Node) >= 0)],
            Readout = readout ?? Readout,
            Metrics = metrics ?? Metrics,
            Provenance = provenance ?? Provenance,
        };
    }

    private static void Check(CircuitNode node)
    {
        Check(CircuitText.IsName(node.Name), "the name of a node is empty, too long or holds control characters");
        Check(Enum.IsDefined(node.Kind), $"node '{node.Name}' is of no known kind");
        Check(node.Place >= 0 && node.Layer is null or >= 0, $"node '{node.Name}' has a negative place or layer");
        Check(double.IsFinite(node.Relevance) && IsFinite(node.Explained), $"node '{node.Name}' has a number that is not finite");
    }

    private static void Check(bool holds, string problem)
    {
        if (!holds)
        {
            throw new ArgumentException(problem);
        }
    }

    private static bool IsFinite(double? number) => number is null || double.IsFinite(number.Value);

    private static bool IsShare(double? number) => number is null or (>= 0 and <= 1);

    private void Check(CircuitEdge edge)
    {
        Check(edge.Source is not null && edge.Target is not null, "an edge has no source or no target");
        int source = IndexOf(edge.Source!);
        int target = IndexOf(edge.Target!);
        string? problem = source < 0 ? $"starts at '{edge.Source}', which is not a node"
            : target < 0 ? $"ends at '{edge.Target}', which is not a node"
            : Nodes[source].Place >= Nodes[target].Place ? "does not go forward in computation order"
            : !double.IsFinite(edge.Weight) || !IsFinite(edge.Norm) || !IsFinite(edge.EntersAtLambda) ? "has a number that is not finite"
            : edge.Norm < 0 || edge.EntersAtLambda < 0 ? "has a negative norm or lambda"
            : !IsShare(edge.Stability) ? "has a stability that is not between 0 and 1"
            : edge.Effect is { } effect && !(effect is { Share: >= -1 and <= 1, Rows: >= 1 }) ? "has an effect that is not between -1 and 1, or measured on no row"
            : null;
        Check(problem is null, problem is null ? string.Empty : $"edge {edge.Source}->{edge.Target} {problem}");
    }
}
