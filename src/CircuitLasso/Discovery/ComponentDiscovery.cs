using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>What a method found: a score for every candidate edge, and the circuit that its own default rule makes of them. Immutable.</summary>
public sealed record ComponentDiscovery
{
    // More than any transformer has; a file may claim any shape.
    private const long MostEdges = 1L << 26;

    /// <summary>The scores.</summary>
    public required EdgeScores Scores { get; init; }

    /// <summary>The circuit at the method's default rule, pruned: one truth value an edge, in the order of <see cref="ComponentGraph.Edges"/>.</summary>
    public required IReadOnlyList<bool> InCircuit { get; init; }

    /// <summary>Seconds by kind of work, where it was done: <c>collection</c> (forward passes), <c>gradients</c>, <c>regression</c>, <c>patching</c>.</summary>
    public IReadOnlyDictionary<string, double> Seconds { get; init; } = new Dictionary<string, double>();

    /// <summary>What else the method has to say of its work, by name.</summary>
    public IReadOnlyDictionary<string, double> Diagnostics { get; init; } = new Dictionary<string, double>();

    /// <summary>The circuit with every candidate edge and its score, for files, pictures and exports.</summary>
    public Circuit ToCircuit()
    {
        ComponentGraph graph = Scores.Graph;
        double[] values = Scores.Values.ToArray();
        return new Circuit(
            graph.Nodes.Select(node => node.ToCircuitNode()),
            graph.Edges.Select((ends, edge) => new CircuitEdge(graph.Nodes[ends.Source].Name, graph.Nodes[ends.Target].Name, values[edge]) { InCircuit = InCircuit[edge] }))
        {
            Components = graph,
        };
    }

    /// <summary>The scores and the circuit that a circuit of components holds, by this program or read from a file; candidates that it does not name have score 0 and are outside.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="subject">What a complaint names, such as the circuit's file.</param>
    /// <remarks>
    /// The component graph ends in the logits: where a circuit explains a target that reads no logits, edges into the target count as edges into the logits, and what it reads off
    /// the logits is left out.
    /// </remarks>
    /// <exception cref="InputException">The circuit is not one of a model's components, or an edge has no place among them.</exception>
    public static ComponentDiscovery FromCircuit(Circuit circuit, string subject)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ComponentGraph graph = circuit.Components ?? throw Refuse("the circuit is not one of a model's components (input, heads, MLPs, logits)");
        if (graph.EdgeCount > MostEdges)
        {
            throw Refuse($"{graph.Layers} layers of {graph.Heads} heads have more than {MostEdges} candidate edges");
        }

        string last = graph.Nodes[^1].Name;
        bool readsLogits = circuit.Edges.Any(edge => edge.Target == last);
        double[] scores = new double[graph.EdgeCount];
        bool[] inCircuit = new bool[graph.EdgeCount];
        bool[] isNamed = new bool[graph.EdgeCount];
        foreach (CircuitEdge edge in circuit.Edges)
        {
            bool isBehaviour = circuit[edge.Target].Kind == CircuitNodeKind.Target;
            if (isBehaviour && edge.Source == last)
            {
                continue;
            }

            string target = isBehaviour && !readsLogits ? last : edge.Target;
            long index = graph.Contains(edge.Source, target) ? graph.EdgeIndex(graph.IndexOf(edge.Source), graph.IndexOf(target)) : -1;
            if (index < 0 || isNamed[index])
            {
                throw Refuse($"the circuit's edge {edge.Source}->{edge.Target} has no place in the model's component graph");
            }

            (isNamed[index], scores[index], inCircuit[index]) = (true, edge.Weight, edge.InCircuit);
        }

        return new ComponentDiscovery { Scores = new EdgeScores(graph, scores), InCircuit = inCircuit };

        InputException Refuse(string problem) => new(subject, problem, "give a component circuit, such as discover writes");
    }
}
