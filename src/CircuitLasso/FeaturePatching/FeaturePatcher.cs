using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Replaces features and errors of autoencoders inside a model and measures what a behaviour loses: by gradients at once, or one at a time. Between sites nothing is taken apart:
/// the model recomputes all that comes after a replaced site. Immutable and thread-safe.
/// </summary>
public sealed class FeaturePatcher
{
    private readonly AutoencoderSites _sites;
    private readonly BehaviourTask _task;
    private readonly FeatureMeans? _means;
    private readonly ReadoutReader? _reader;

    /// <summary>Prepares the work; for <see cref="FeatureReplacement.Mean"/> this runs the corrupt texts.</summary>
    /// <param name="sites">The sites and the model.</param>
    /// <param name="task">The behaviour.</param>
    /// <param name="replacement">What stands in the place of a node.</param>
    /// <param name="memoryBytes">About how many bytes are used at once.</param>
    /// <param name="seed">Seed of <see cref="FeatureReplacement.Resample"/>.</param>
    /// <exception cref="InputException">The task does not fit the model.</exception>
    public FeaturePatcher(AutoencoderSites sites, BehaviourTask task, FeatureReplacement replacement = FeatureReplacement.Corrupt, long memoryBytes = 1L << 30, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(sites);
        ArgumentNullException.ThrowIfNull(task);
        task.RequireFits(sites.Model);
        (_sites, _task, Replacement) = (sites, task, replacement);
        _reader = task.Readout is null ? null : new ReadoutReader(task.Readout, sites);
        Batches = Cut(sites, replacement == FeatureReplacement.Resample ? task.WithOtherCorruptTexts(seed) : task, memoryBytes);
        if (replacement == FeatureReplacement.Mean)
        {
            _means = MeansOf();
        }
    }

    /// <summary>The sites and the model.</summary>
    public AutoencoderSites Sites => _sites;

    /// <summary>The behaviour.</summary>
    public BehaviourTask Task => _task;

    /// <summary>What stands in the place of a node.</summary>
    public FeatureReplacement Replacement { get; }

    internal IReadOnlyList<BehaviourBatch> Batches { get; }

    /// <summary>
    /// Effects to first order at the clean texts: -(g_replaced - g_clean) dm/dg. One pass with gradients for each site.
    /// </summary>
    /// <param name="keepPositions">Whether each position is a node of its own; otherwise effects are summed over positions.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    public FeatureEffects Attribution(bool keepPositions = false, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Effects(1, keepPositions, keepGradients: false, progress, cancellation);

    /// <summary>
    /// Effects by integrated gradients: -(g_replaced - g_clean) times the mean over k = 0 .. N-1 of dm/dg at (1 - k/N) clean + (k/N) replaced, features and error of a site moving together
    /// and other sites left alone. The effects of a site add up to that of replacing all of it, with an error that falls as 1/N.
    /// </summary>
    /// <param name="steps">N, at least 1.</param>
    /// <param name="keepPositions">Whether each position is a node of its own; otherwise effects are summed over positions.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    public FeatureEffects IntegratedGradients(int steps = 10, bool keepPositions = false, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Effects(steps, keepPositions, keepGradients: false, progress, cancellation);

    /// <summary>Effects by replacing one node at a time and running the model.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="share">How far each is moved: 1 replaces it.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>m before minus m after, for every node.</returns>
    public double[] Exact(IReadOnlyList<FeatureNode> nodes, double share = 1, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        double[] effects = new double[nodes.Count];
        for (int index = 0; index < Batches.Count; index++)
        {
            using FeatureBatch batch = Run(index);
            for (int i = 0; i < nodes.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                effects[i] += batch.CleanScore - batch.Score(nodes[i].Site, new SiteNodes(Moved(batch, nodes[i], (float)share), MovedReadings(batch, nodes[i], (float)share)));
                progress?.Report(new WorkProgress("patching", ((long)index * nodes.Count) + i + 1, (long)Batches.Count * nodes.Count, "passes"));
            }
        }

        return effects;
    }

    /// <summary>The effect of replacing a whole site: all its features and its error.</summary>
    /// <param name="site">The site's index.</param>
    /// <param name="cancellation">Stops the work.</param>
    public double ExactSite(int site, CancellationToken cancellation = default)
    {
        double effect = 0;
        for (int index = 0; index < Batches.Count; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            using FeatureBatch batch = Run(index);
            effect += batch.CleanScore - batch.Score(site, new SiteNodes(batch.Replaced(site), batch.ReplacedReadings[site]));
        }

        return effect;
    }

    internal static IReadOnlyList<BehaviourBatch> Cut(AutoencoderSites sites, BehaviourTask task, long memoryBytes) =>
        BehaviourBatch.Cut(task, sites.Model, sites.Sum(place => 4.0 * (place.Autoencoder.InputWidth + place.Autoencoder.OutputWidth)), memoryBytes);

    internal FeatureBatch Run(int batch) => new(_sites, Batches[batch], Replacement, _means, _reader);

    internal FeatureEffects Effects(int steps, bool keepPositions, bool keepGradients, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        SortedDictionary<FeatureNode, double> effects = new(Comparer<FeatureNode>.Create((a, b) => (a.Site, a.Feature, a.Position).CompareTo((b.Site, b.Feature, b.Position))));
        List<SiteNodes[]> gradients = [];
        double clean = 0;
        double replaced = 0;
        for (int index = 0; index < Batches.Count; index++)
        {
            using FeatureBatch batch = Run(index);
            SiteNodes[] kept = new SiteNodes[_sites.Count];
            clean += batch.CleanScore;
            for (int site = 0; site < _sites.Count; site++)
            {
                cancellation.ThrowIfCancellationRequested();
                SiteNodes target = new(batch.Replaced(site), batch.ReplacedReadings[site]);
                SiteNodes gradient = kept[site] = MeanGradient(batch, site, target, steps);
                AddEffects(batch, site, gradient, keepPositions, effects);
                if (site == _sites.Count - 1)
                {
                    replaced += batch.Score(site, target);
                }

                progress?.Report(new WorkProgress("effects", ((long)index * _sites.Count) + site + 1, (long)Batches.Count * _sites.Count, "sites"));
            }

            if (keepGradients)
            {
                gradients.Add(kept);
            }
        }

        return new FeatureEffects(_sites, Replacement, effects, clean, replaced, keepGradients ? gradients : null);
    }

    /// <summary>The features that are active on either side with how much they move, and the error's movement; nothing at padding.</summary>
    internal static void Differences(FeatureBatch batch, int site, int row, List<(int Feature, float Difference)> features, Span<float> error)
    {
        features.Clear();
        FeatureRow from = batch.Clean[site].Row(row);
        FeatureRow to = batch.Replacement(site, row);
        TensorPrimitives.Subtract(to.Error, from.Error, error);
        int i = 0;
        int j = 0;
        while (i < from.Indices.Length || j < to.Indices.Length)
        {
            int a = i < from.Indices.Length ? from.Indices[i] : int.MaxValue;
            int b = j < to.Indices.Length ? to.Indices[j] : int.MaxValue;
            features.Add((Math.Min(a, b), (b <= a ? to.Values[j] : 0) - (a <= b ? from.Values[i] : 0)));
            i += a <= b ? 1 : 0;
            j += b <= a ? 1 : 0;
        }
    }

    private static SiteNodes MeanGradient(FeatureBatch batch, int site, SiteNodes target, int steps)
    {
        SiteNodes clean = new(batch.Clean[site].Values, batch.CleanReadings[site]);
        SiteNodes sum = batch.Gradient(site, clean);
        for (int k = 1; k < steps; k++)
        {
            // Linear in features and error, so the activation itself can be moved, and what is read of it.
            float share = (float)k / steps;
            SiteNodes more = batch.Gradient(site, new SiteNodes(Between(clean.Activations, target.Activations, share), clean.Readings is null ? null : Between(clean.Readings, target.Readings!, share)));
            TensorPrimitives.Add(sum.Activations, more.Activations, sum.Activations);
            TensorPrimitives.Add(sum.Readings.AsSpan(), more.Readings.AsSpan(), sum.Readings.AsSpan());
        }

        TensorPrimitives.Multiply(sum.Activations, 1f / steps, sum.Activations);
        TensorPrimitives.Multiply(sum.Readings.AsSpan(), 1f / steps, sum.Readings.AsSpan());
        return sum;

        static float[] Between(float[] from, float[] to, float share)
        {
            float[] point = new float[from.Length];
            TensorPrimitives.Lerp(from, to, share, point);
            return point;
        }
    }

    private void AddEffects(FeatureBatch batch, int site, SiteNodes gradient, bool keepPositions, SortedDictionary<FeatureNode, double> effects)
    {
        SparseAutoencoder autoencoder = _sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        (int Feature, double Effect)[][] byRow = new (int, double)[batch.Rows][];
        DeterministicParallel.For(batch.Rows, row =>
        {
            if (!batch.IsReal(row, out _))
            {
                byRow[row] = [];
                return;
            }

            ReadOnlySpan<float> slope = gradient.Activations.AsSpan(row * width, width);
            float[] error = new float[width];
            List<(int Feature, float Difference)> features = [];
            Differences(batch, site, row, features, error);
            (int, double)[] found = byRow[row] = new (int, double)[features.Count + 1];
            found[0] = (FeatureNode.Error, -Dot(error, slope) - batch.Moved(site, row, FeatureNode.Error, gradient.Readings));
            for (int i = 0; i < features.Count; i++)
            {
                found[i + 1] = (features[i].Feature, (-features[i].Difference * Dot(autoencoder.DecoderDirection(features[i].Feature), slope)) - batch.Moved(site, row, features[i].Feature, gradient.Readings));
            }
        });
        for (int row = 0; row < byRow.Length; row++)
        {
            int position = keepPositions ? row % batch.Texts.Positions : FeatureNode.Everywhere;
            foreach ((int feature, double effect) in byRow[row])
            {
                FeatureNode node = new(site, feature, position);
                effects[node] = effects.GetValueOrDefault(node) + effect;
            }
        }
    }

    private static float[]? MovedReadings(FeatureBatch batch, FeatureNode node, float share)
    {
        if (batch.Read(node.Site) is not { } read)
        {
            return null;
        }

        float[] readings = [.. batch.CleanReadings[node.Site]!];
        float[] replaced = batch.ReplacedReadings[node.Site]!;
        for (int at = 0; at < readings.Length; at++)
        {
            int column = at % read.Columns;
            bool isOwn = node.IsError ? column >= read.FirstError : column < read.FirstError && read.Feature(column) == node.Feature;
            if (isOwn && batch.IsReal(at / read.Columns, out int position) && (node.Position == FeatureNode.Everywhere || node.Position == position))
            {
                readings[at] += share * (replaced[at] - readings[at]);
            }
        }

        return readings;
    }

    private FeatureMeans MeansOf()
    {
        FeatureMeans means = new(_sites, _task.OwnPositions, _reader);
        foreach (BehaviourBatch batch in Batches)
        {
            SiteState[] states = FeaturePass.Record(_sites, batch.Corrupt);
            means.Add(batch.Corrupt, states);
            foreach (SiteState state in states)
            {
                state.Dispose();
            }
        }

        means.Finish();
        return means;
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => TensorPrimitives.Dot(a, b);

    private float[] Moved(FeatureBatch batch, FeatureNode node, float share)
    {
        SparseAutoencoder autoencoder = _sites[node.Site].Autoencoder;
        int width = autoencoder.OutputWidth;
        float[] values = [.. batch.Clean[node.Site].Values];
        DeterministicParallel.For(batch.Rows, row =>
        {
            if (!batch.IsReal(row, out int position) || (node.Position != FeatureNode.Everywhere && node.Position != position))
            {
                return;
            }

            Span<float> value = values.AsSpan(row * width, width);
            float[] error = new float[width];
            List<(int Feature, float Difference)> features = [];
            Differences(batch, node.Site, row, features, error);
            if (node.IsError)
            {
                TensorPrimitives.MultiplyAdd(error, share, value, value);
                return;
            }

            foreach ((int feature, float difference) in features)
            {
                if (feature == node.Feature)
                {
                    TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(feature), share * difference, value, value);
                }
            }
        });
        return values;
    }
}
