using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// Measures edges of a feature circuit by ablation to the mean. Node values are computed from the first site on: a node of the first site has its clean value; a later node j has
/// what the edges into it carry, by one of two rules. Where an edge into the behaviour is kept, the behaviour reads its source's value, and otherwise the mean: the model's output at the sites that reach it
/// directly, a readout at its own. Everything that is in no edge (other nodes, errors) is at its mean. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// <para>Learned: g_j = max(0, sum over kept edges of A_ij s_j f_i + sum over cut edges of mean(A_ij s_j f_i) + u_j), over sources i of every site before that of j, with f_i computed in the same way, the mean
/// over corrupt texts at the position, and u_j = g_j - sum over all edges of A_ij s_j f_i, what the edges do not explain, at its mean too unless it is asked for. Of a source that is an error A_ij f_i stands for the sum over its coordinates of coefficient
/// and error, as it is on the clean text; where the circuit has no such coefficients, it is part of u_j.</para>
/// <para>Recomputed: the model runs from the sites that reach j without passing another, at each of which the sources of kept edges have their values and everything else its mean, and the autoencoder reads j.
/// Sites in between are so held fixed, as the coefficients of a regression on all sites are what a source adds while the others stay: an edge that skips a site which everything passes through (the residual
/// stream) carries nothing. A later node into which no edge that can carry is kept is at its mean in both. So with nothing kept both give what node ablation gives with nothing kept.</para>
/// </remarks>
public sealed class FeatureEdgeEvaluator
{
    private readonly FeaturePatcher _patcher;
    private readonly FeatureEdgeGraph _graph;
    private readonly FeatureEdgeMeans _means;
    private readonly bool _keepsUnexplained;

    /// <summary>Prepares an evaluation; this runs the corrupt texts.</summary>
    /// <param name="sites">The sites and the model. Those that the circuit does not name are left to the model.</param>
    /// <param name="task">The behaviour.</param>
    /// <param name="circuit">The circuit; its candidates count as edges that can be kept.</param>
    /// <param name="subject">What a complaint names, such as the circuit's file.</param>
    /// <param name="keepsUnexplained">Whether what the edges do not explain of a node is kept.</param>
    /// <param name="memoryBytes">About how many bytes are used at once.</param>
    /// <exception cref="InputException">The circuit has nodes of other sites or a feature both at all positions and at single ones, has no edge or explains no behaviour, or the task does not fit the model.</exception>
    public FeatureEdgeEvaluator(AutoencoderSites sites, BehaviourTask task, Circuit circuit, string subject, bool keepsUnexplained = false, long memoryBytes = 1L << 30)
    {
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(task);
        _graph = new FeatureEdgeGraph(sites, task.Readout, circuit, subject);
        _patcher = new FeaturePatcher(_graph.Sites, task, FeatureReplacement.Mean, memoryBytes);
        _means = new FeatureEdgeMeans(_graph, _patcher.Batches);
        _keepsUnexplained = keepsUnexplained;
    }

    /// <summary>The edges that can be kept, candidates too.</summary>
    public IReadOnlyList<CircuitEdge> Edges => _graph.Edges;

    /// <summary>Whether the circuit has the coefficients that the learned rule needs; circuits of gradients have none.</summary>
    public bool HasCoefficients => _graph.HasCoefficients;

    /// <summary>By how much each edge carries: the share of its target's variation over the corrupt texts that it carries, at most 1, times the target's relevance; for an edge into the behaviour the
    /// relevance of its source; where there are no coefficients, its absolute weight.</summary>
    public IReadOnlyList<CircuitEdge> ByContribution()
    {
        double[] scores = _means.Contributions();
        return [.. Enumerable.Range(0, Edges.Count).OrderByDescending(edge => scores[edge]).Select(edge => Edges[edge])];
    }

    /// <summary>The edges in random order.</summary>
    /// <param name="seed">Seed of the order.</param>
    public IReadOnlyList<CircuitEdge> Random(ulong seed)
    {
        CircuitEdge[] shuffled = [.. Edges];
        RandomSource random = new(seed);
        for (int i = shuffled.Length - 1; i > 0; i--)
        {
            int other = random.NextInt32(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled;
    }

    /// <summary>Faithfulness and completeness by the learned rule. Losses are the behaviour's negative.</summary>
    /// <param name="edges">The edges of the circuit.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InvalidOperationException">The circuit has no coefficients.</exception>
    public CircuitEvaluation Learned(IReadOnlyCollection<CircuitEdge> edges, CancellationToken cancellation = default) => Evaluate([edges], isRecomputed: false, null, cancellation)[0];

    /// <summary>Faithfulness and completeness by path patching: the model recomputes every node.</summary>
    /// <param name="edges">The edges of the circuit.</param>
    /// <param name="cancellation">Stops the work.</param>
    public CircuitEvaluation Recomputed(IReadOnlyCollection<CircuitEdge> edges, CancellationToken cancellation = default) => Evaluate([edges], isRecomputed: true, null, cancellation)[0];

    /// <summary>Faithfulness and completeness of growing circuits.</summary>
    /// <param name="name">What ranks.</param>
    /// <param name="ranking">Edges, the strongest first.</param>
    /// <param name="isRecomputed">Whether the model recomputes every node; otherwise the learned rule holds.</param>
    /// <param name="counts">Numbers of edges, rising; evenly spaced by their logarithm from one to all if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InvalidOperationException">The learned rule is asked for, and the circuit has no coefficients.</exception>
    public FeatureCurve Curve(
        string name, IReadOnlyList<CircuitEdge> ranking, bool isRecomputed, IReadOnlyList<int>? counts = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        counts ??= FeatureCurve.Counts(Edges.Count, 8);
        CircuitEvaluation[] evaluations = Evaluate([.. counts.Select(count => (IReadOnlyCollection<CircuitEdge>)[.. ranking.Take(count)])], isRecomputed, progress, cancellation);
        return new FeatureCurve(name, Edges.Count, counts.Zip(evaluations, (count, evaluation) => new FeatureCurvePoint(count, evaluation)));
    }

    /// <summary>Pearson's correlation of two curves' faithfulness, point by point; NaN where one of them does not vary.</summary>
    /// <param name="first">A curve.</param>
    /// <param name="second">Another, of as many points.</param>
    public static double Correlation(FeatureCurve first, FeatureCurve second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        (double A, double B)[] pairs = [.. first.Points.Zip(second.Points, (a, b) => (a.Evaluation.Faithfulness, b.Evaluation.Faithfulness))];
        (double a, double b) = (pairs.Average(pair => pair.A), pairs.Average(pair => pair.B));
        double Sum(Func<(double A, double B), double> of) => pairs.Sum(of);
        return Sum(pair => (pair.A - a) * (pair.B - b)) / Math.Sqrt(Sum(pair => (pair.A - a) * (pair.A - a)) * Sum(pair => (pair.B - b) * (pair.B - b)));
    }

    private CircuitEvaluation[] Evaluate(IReadOnlyList<IReadOnlyCollection<CircuitEdge>> circuits, bool isRecomputed, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (!isRecomputed && !HasCoefficients)
        {
            throw new InvalidOperationException("The circuit's edges have no coefficients.");
        }

        // Nothing, and then each circuit and its complement: the rest of the model with the circuit's edges cut.
        (bool[] Kept, bool KeepsRest)[] runs = [(new bool[Edges.Count], false), .. circuits.SelectMany(circuit =>
        {
            bool[] kept = _graph.Mark(circuit);
            return ((bool[], bool)[])[(kept, false), ([.. kept.Select(value => !value)], true)];
        })];
        double[] scores = new double[runs.Length];
        double clean = 0;
        for (int index = 0; index < _patcher.Batches.Count; index++)
        {
            using FeatureBatch batch = _patcher.Run(index);
            FeatureEdgeValues values = new(_graph, _means, batch);
            clean += batch.CleanScore;
            for (int i = 0; i < runs.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                scores[i] += values.Score(runs[i].Kept, runs[i].KeepsRest, isRecomputed, _keepsUnexplained);
                progress?.Report(new WorkProgress("cutting edges", ((long)index * runs.Length) + i + 1, (long)_patcher.Batches.Count * runs.Length, "circuits"));
            }
        }

        return [.. circuits.Select((_, i) => new CircuitEvaluation(-clean, -scores[0], -scores[(2 * i) + 1], -scores[(2 * i) + 2]))];
    }
}
