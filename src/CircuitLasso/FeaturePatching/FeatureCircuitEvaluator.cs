using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Measures sets of features and errors on a behaviour by ablation, as the evaluation of sparse feature circuits does (Marks et al. 2024): at every site, in the order of computation,
/// nodes outside the set are replaced, and nodes inside have the values that the autoencoder finds in this very pass. Immutable and thread-safe.
/// </summary>
public sealed class FeatureCircuitEvaluator
{
    private readonly FeaturePatcher _patcher;
    private readonly ErrorHandling _errors;
    private readonly SortedDictionary<FeatureNode, double> _strengths = new(Comparer<FeatureNode>.Create((a, b) => (a.Site, a.Feature, a.Position).CompareTo((b.Site, b.Feature, b.Position))));

    /// <summary>Prepares an evaluation: runs all texts, for the nodes that are active on them and for the means.</summary>
    /// <param name="sites">The sites and the model; what is computed before the first site is never ablated.</param>
    /// <param name="task">The behaviour.</param>
    /// <param name="ablation">What stands in the place of a node.</param>
    /// <param name="errors">What is done with errors.</param>
    /// <param name="keepPositions">Whether each position is a node of its own.</param>
    /// <param name="memoryBytes">About how many bytes are used at once.</param>
    /// <param name="seed">Seed of <see cref="FeatureReplacement.Resample"/>.</param>
    /// <exception cref="InputException">The task does not fit the model, or no feature is active.</exception>
    public FeatureCircuitEvaluator(
        AutoencoderSites sites,
        BehaviourTask task,
        FeatureReplacement ablation = FeatureReplacement.Mean,
        ErrorHandling errors = ErrorHandling.Ranked,
        bool keepPositions = false,
        long memoryBytes = 1L << 30,
        ulong seed = 0)
    {
        _patcher = new FeaturePatcher(sites, task, ablation, memoryBytes, seed);
        _errors = errors;
        foreach (BehaviourBatch batch in FeaturePatcher.Cut(sites, task, memoryBytes))
        {
            AddStrengths(batch.Clean, keepPositions, 1);
            if (batch.Corrupt != batch.Clean)
            {
                AddStrengths(batch.Corrupt, keepPositions, 0);
            }
        }

        Candidates = [.. _strengths.Keys];
    }

    /// <summary>The sites and the model.</summary>
    public AutoencoderSites Sites => _patcher.Sites;

    /// <summary>What stands in the place of a node.</summary>
    public FeatureReplacement Ablation => _patcher.Replacement;

    /// <summary>What is done with errors.</summary>
    public ErrorHandling Errors => _errors;

    /// <summary>Every feature that is active on some clean or corrupt text, and every error: what a circuit is a fraction of.</summary>
    public IReadOnlyList<FeatureNode> Candidates { get; }

    /// <summary>The floor that asks nothing of the model: by how strong nodes are on the clean texts, the length of what they add to their site summed over positions and texts.</summary>
    public FeatureRanking ByActivation() => FeatureRanking.Of("activation", _strengths.Select(pair => (pair.Key, pair.Value)));

    /// <summary>The candidates in random order.</summary>
    /// <param name="seed">Seed of the order.</param>
    public FeatureRanking Random(ulong seed) => FeatureRanking.Random(Candidates, seed);

    /// <summary>Faithfulness and completeness of a set of nodes. Losses are the behaviour's negative.</summary>
    /// <param name="nodes">The nodes of the circuit.</param>
    /// <param name="cancellation">Stops the work.</param>
    public CircuitEvaluation Evaluate(IReadOnlyCollection<FeatureNode> nodes, CancellationToken cancellation = default) => Evaluate([nodes], null, cancellation)[0];

    /// <summary>Faithfulness and completeness of growing circuits. A ranking that ends before the candidates do stops growing there; the last circuit is all candidates, whatever the ranking.</summary>
    /// <param name="ranking">The order.</param>
    /// <param name="counts">Numbers of nodes, rising, the last one all candidates; evenly spaced by their logarithm if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    public FeatureCurve Curve(FeatureRanking ranking, IReadOnlyList<int>? counts = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        counts ??= FeatureCurve.Counts(Candidates.Count);
        CircuitEvaluation[] evaluations = Evaluate(
            [.. counts.Select(count => count >= Candidates.Count ? Candidates : (IReadOnlyCollection<FeatureNode>)[.. ranking.Nodes.Take(count)])], progress, cancellation);
        return new FeatureCurve(ranking.Name, Candidates.Count, counts.Zip(evaluations, (count, evaluation) => new FeatureCurvePoint(count, evaluation)));
    }

    private CircuitEvaluation[] Evaluate(IReadOnlyList<IReadOnlyCollection<FeatureNode>> circuits, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        NodeSelection[] selections =
        [
            new(Sites, [], _errors, isComplement: false),
            .. circuits.SelectMany(circuit => (NodeSelection[])[new(Sites, circuit, _errors, isComplement: false), new(Sites, circuit, _errors, isComplement: true)]),
        ];
        double[] scores = new double[selections.Length];
        double clean = 0;
        for (int index = 0; index < _patcher.Batches.Count; index++)
        {
            using FeatureBatch batch = _patcher.Run(index);
            clean += batch.CleanScore;
            for (int i = 0; i < selections.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                scores[i] += batch.Score(0, new AblatedSites(Sites, batch, selections[i], _patcher.Replacement is FeatureReplacement.Mean or FeatureReplacement.Zero).Replace);
                progress?.Report(new WorkProgress("ablating", ((long)index * selections.Length) + i + 1, (long)_patcher.Batches.Count * selections.Length, "passes"));
            }
        }

        return [.. circuits.Select((_, i) => new CircuitEvaluation(-clean, -scores[0], -scores[(2 * i) + 1], -scores[(2 * i) + 2]))];
    }

    private void AddStrengths(TokenBatch texts, bool keepPositions, double factor)
    {
        SiteState[] states = FeaturePass.Record(Sites, texts);
        for (int site = 0; site < states.Length; site++)
        {
            float[] norms = new float[states[site].Autoencoder.FeatureCount];
            DeterministicParallel.For(norms.Length, feature => norms[feature] = TensorPrimitives.Norm(states[site].Autoencoder.DecoderDirection(feature)));
            for (int text = 0; text < texts.Count; text++)
            {
                for (int position = 0; position < texts.Lengths[text]; position++)
                {
                    FeatureRow row = states[site].Row((text * texts.Positions) + position);
                    Add(site, position, FeatureNode.Error, TensorPrimitives.Norm(row.Error));
                    for (int i = 0; i < row.Indices.Length; i++)
                    {
                        Add(site, position, row.Indices[i], Math.Abs(row.Values[i]) * norms[row.Indices[i]]);
                    }
                }
            }

            states[site].Dispose();
        }

        void Add(int site, int position, int feature, double strength)
        {
            FeatureNode node = new(site, feature, keepPositions ? position : FeatureNode.Everywhere);
            _strengths[node] = _strengths.GetValueOrDefault(node) + (factor * strength);
        }
    }
}
