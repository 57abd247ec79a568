using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Tensors;
using Tensor = CircuitLasso.Tensors.Tensor;

namespace CircuitLasso;

/// <summary>
/// Weights of edges between kept nodes to first order: (gradient of the behaviour by the child) x (derivative of the child by the parent) x (movement of the parent), along paths that meet no
/// other site on the way.
/// </summary>
internal sealed partial class FeatureEdgeGradients
{
    private readonly AutoencoderSites _sites;
    private readonly FeatureNode[][] _kept;

    public FeatureEdgeGradients(AutoencoderSites sites, IEnumerable<FeatureNode> kept)
    {
        _sites = sites;
        ILookup<int, FeatureNode> bySite = kept.ToLookup(node => node.Site);
        _kept = [.. Enumerable.Range(0, sites.Count).Select(site => bySite[site].ToArray())];
    }

    /// <summary>Weights so far, by parent and child.</summary>
    public Dictionary<(FeatureNode Parent, FeatureNode Child), double> Weights { get; } = [];

    /// <summary>Weights so far of edges from a parent into the behaviour itself.</summary>
    public Dictionary<FeatureNode, double> TargetWeights { get; } = [];

    /// <summary>Passes made.</summary>
    public long BackwardPasses { get; private set; }

    /// <summary>The sites that reach a place directly: back to the first that all before it must pass through.</summary>
    public static int[] SourcesOf(AutoencoderSites sites, int place)
    {
        int first = place - 1;
        while (first > 0 && !(sites.IsBottleneck(first) && sites.IsBefore(first, place)))
        {
            first--;
        }

        return first < 0 ? [] : [.. Enumerable.Range(first, place - first)];
    }

    /// <summary>Adds the edges of a batch into a site's kept nodes.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="site">The children's site.</param>
    /// <param name="gradient">The gradient of the behaviour at that site.</param>
    public void Add(FeatureBatch batch, int site, SiteNodes gradient)
    {
        int[] sources = SourcesOf(_sites, site);
        if (sources.Length == 0 || _kept[site].Length == 0 || sources.All(source => _kept[source].Length == 0))
        {
            return;
        }

        using TensorScope scope = new();
        Tensor[] leaves = Leaves(batch, sources);
        (Tensor reached, Tensor encoded) = batch.Reach(sources, leaves, site);
        if (!reached.RequiresGradient && !encoded.RequiresGradient)
        {
            return;
        }

        Movement[][] movements = [.. sources.Select(source => Movements(batch, source))];
        foreach (FeatureNode child in _kept[site])
        {
            foreach (Tensor leaf in leaves)
            {
                leaf.ClearGradient();
            }

            (float[] byEncoded, float[]? byValue) = Seeds(batch, child, gradient);
            Send(encoded, byEncoded);
            if (byValue != byEncoded)
            {
                Send(reached, byValue);
            }

            BackwardPasses++;
            for (int i = 0; i < sources.Length; i++)
            {
                if (leaves[i].Gradient?.ToArray() is { } slope)
                {
                    double[] sums = Sums(sources[i], movements[i], slope);
                    for (int parent = 0; parent < sums.Length; parent++)
                    {
                        (FeatureNode, FeatureNode) edge = (_kept[sources[i]][parent], child);
                        Weights[edge] = Weights.GetValueOrDefault(edge) + sums[parent];
                    }
                }
            }
        }
    }

    /// <summary>Adds the edges of a batch into the behaviour.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="gradients">The gradients of the behaviour at every site.</param>
    public void AddTarget(FeatureBatch batch, SiteNodes[] gradients)
    {
        if (batch.HasReadout)
        {
            AddReadings(batch, gradients);
            return;
        }

        int[] sources = SourcesOf(_sites, _sites.Count);
        using TensorScope scope = new();
        Tensor[] leaves = Leaves(batch, sources);
        if (sources.Length > 1)
        {
            batch.Score(sources, leaves).Backward();
            BackwardPasses++;
        }

        for (int i = 0; i < sources.Length; i++)
        {
            float[]? slope = i == sources.Length - 1 ? gradients[^1].Activations : leaves[i].Gradient?.ToArray();
            if (slope is null)
            {
                continue;
            }

            double[] sums = Sums(sources[i], Movements(batch, sources[i]), slope);
            for (int parent = 0; parent < sums.Length; parent++)
            {
                FeatureNode node = _kept[sources[i]][parent];
                TargetWeights[node] = TargetWeights.GetValueOrDefault(node) + sums[parent];
            }
        }
    }

    private static Tensor[] Leaves(FeatureBatch batch, int[] sources) => [.. sources.Select(source =>
    {
        Tensor leaf = Tensor.FromValues(batch.Clean[source].Values, batch.Rows, batch.Clean[source].Values.Length / batch.Rows);
        leaf.RequiresGradient = true;
        return leaf;
    })];

    private static void Send(Tensor place, float[]? seed)
    {
        if (seed is not null && place.RequiresGradient)
        {
            using Tensor values = Tensor.FromValues(seed, place.Shape);
            place.Backward(values);
        }
    }

    // The gradient of the child times that of the behaviour by the child: by what is encoded, and by the site's activations themselves, of which an error is a part.
    // These are one array unless it is a transcoder.
    private static (float[] ByEncoded, float[]? ByValue) Seeds(FeatureBatch batch, FeatureNode child, SiteNodes gradient)
    {
        SiteState state = batch.Clean[child.Site];
        SparseAutoencoder autoencoder = state.Autoencoder;
        int width = autoencoder.OutputWidth, read = autoencoder.InputWidth;
        float[] seed = new float[batch.Rows * read];
        float[]? byValue = !child.IsError ? null : ReferenceEquals(state.Inputs, state.Values) ? seed : new float[gradient.Activations.Length];
        ReadoutSite? readout = batch.Read(child.Site);
        Numerics.DeterministicParallel.For(batch.Rows, row =>
        {
            if (!batch.IsReal(row, out int position) || (child.Position != FeatureNode.Everywhere && child.Position != position))
            {
                return;
            }

            ReadOnlySpan<float> slope = gradient.Activations.AsSpan(row * width, width);
            ReadOnlySpan<float> value = state.Inputs.AsSpan(row * read, read);
            Span<float> own = seed.AsSpan(row * read, read);
            ReadOnlySpan<int> indices = state.Features.Indices(row);
            ReadOnlySpan<float> values = state.Features.Values(row);
            float[] derivative = new float[read];
            if (child.IsError)
            {
                // The error is what the features, and a transcoder's skip term, leave of the activation.
                slope.CopyTo(byValue.AsSpan(row * width, width));
                for (int i = 0; autoencoder.HasSkip && i < width; i++)
                {
                    TensorPrimitives.MultiplyAdd(autoencoder.Skip.Slice(i * read, read), -slope[i], own, own);
                }

                for (int i = 0; i < indices.Length; i++)
                {
                    autoencoder.FeatureGradient(indices[i], values[i], value, derivative);
                    TensorPrimitives.MultiplyAdd(derivative, -TensorPrimitives.Dot(autoencoder.DecoderDirection(indices[i]), slope), own, own);
                }

                readout?.AddErrorSlope(state, row, gradient.Readings.AsSpan(row * readout.Columns, readout.Columns), own, byValue.AsSpan(row * width, width));
            }
            else if (indices.BinarySearch(child.Feature) is >= 0 and int at)
            {
                autoencoder.FeatureGradient(child.Feature, values[at], value, derivative);
                TensorPrimitives.Multiply(derivative, TensorPrimitives.Dot(autoencoder.DecoderDirection(child.Feature), slope), own);
                if (readout?.ColumnOf(child.Feature) is >= 0 and int column)
                {
                    readout.AddFeatureSlope(state, row, at, gradient.Readings![(row * readout.Columns) + column], own);
                }
            }
        });
        return (seed, byValue);
    }

    // How the kept nodes of a site move, row by row.
    private Movement[] Movements(FeatureBatch batch, int site)
    {
        Dictionary<FeatureNode, int> index = _kept[site].Select((node, i) => (node, i)).ToDictionary(pair => pair.node, pair => pair.i);
        Movement[][] byRow = new Movement[batch.Rows][];
        Numerics.DeterministicParallel.For(batch.Rows, row =>
        {
            if (!batch.IsReal(row, out int position))
            {
                byRow[row] = [];
                return;
            }

            List<Movement> moved = [];
            List<(int Feature, float Difference)> features = [];
            float[] error = new float[batch.Clean[site].Autoencoder.OutputWidth];
            FeaturePatcher.Differences(batch, site, row, features, error);
            foreach ((int feature, float difference) in features.Prepend((FeatureNode.Error, 1)))
            {
                foreach (int at in (ReadOnlySpan<int>)[FeatureNode.Everywhere, position])
                {
                    if (index.TryGetValue(new FeatureNode(site, feature, at), out int node))
                    {
                        moved.Add(new Movement(node, row, difference, feature == FeatureNode.Error ? error : null));
                    }
                }
            }

            byRow[row] = [.. moved];
        });
        return [.. byRow.SelectMany(row => row)];
    }

    private double[] Sums(int site, Movement[] movements, float[] slope)
    {
        SparseAutoencoder autoencoder = _sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        double[] sums = new double[_kept[site].Length];
        foreach (Movement movement in movements)
        {
            ReadOnlySpan<float> direction = movement.Error ?? autoencoder.DecoderDirection(_kept[site][movement.Node].Feature);
            sums[movement.Node] -= movement.Difference * (double)TensorPrimitives.Dot(direction, slope.AsSpan(movement.Row * width, width));
        }

        return sums;
    }

    private readonly record struct Movement(int Node, int Row, float Difference, float[]? Error);
}
