using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>One batch of a behaviour with its clean texts taken apart at every site, and passes over them in which something is replaced.</summary>
internal sealed partial class FeatureBatch : FeaturePass
{
    private readonly BehaviourBatch _batch;
    private readonly FeatureReplacement _replacement;
    private readonly FeatureMeans? _means;
    private readonly SiteState[]? _corrupt;

    /// <summary>Runs the texts.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="batch">The texts.</param>
    /// <param name="replacement">What stands in the place of what is replaced.</param>
    /// <param name="means">The means, for <see cref="FeatureReplacement.Mean"/>.</param>
    /// <param name="reader">What a readout reads, where its score is the behaviour; null where the model's outputs are.</param>
    public FeatureBatch(AutoencoderSites sites, BehaviourBatch batch, FeatureReplacement replacement, FeatureMeans? means, ReadoutReader? reader)
        : this(sites, batch, replacement, means, reader, new double[1])
    {
    }

    private FeatureBatch(AutoencoderSites sites, BehaviourBatch batch, FeatureReplacement replacement, FeatureMeans? means, ReadoutReader? reader, double[] score)
        : base(sites, batch.Clean, reader is null ? last => score[0] = batch.Score(sites.Model, last).Item() : null)
    {
        (_batch, _replacement, _means, _reader) = (batch, replacement, means, reader);
        _scores = reader?.ScoresOf(batch);
        CleanReadings = reader?.Read(Clean) ?? new float[]?[sites.Count];
        CleanScore = reader is null ? score[0] : Score(CleanReadings);
        if (replacement is FeatureReplacement.Corrupt or FeatureReplacement.Resample)
        {
            _corrupt = Record(sites, batch.Corrupt);
        }

        ReplacedReadings = [.. Enumerable.Range(0, sites.Count).Select(ReplaceReadings)];
    }

    /// <summary>The batch's share of the behaviour on the clean texts.</summary>
    public double CleanScore { get; }

    /// <summary>What stands in the place of a row, which is no padding.</summary>
    public FeatureRow Replacement(int site, int row)
    {
        int position = row % Texts.Positions;
        return _replacement switch
        {
            FeatureReplacement.Mean => _means!.Row(site, position),
            FeatureReplacement.Zero => new FeatureRow([], [], new float[Sites[site].Autoencoder.OutputWidth]),
            _ => _corrupt![site].Row(row),
        };
    }

    /// <summary>The activations with every feature and the error replaced, rows x width; padding stays, and so does a transcoder's skip term.</summary>
    public float[] Replaced(int site)
    {
        SparseAutoencoder autoencoder = Sites[site].Autoencoder;
        float[] clean = Clean[site].Values;
        float[] values = new float[clean.Length];
        int width = autoencoder.OutputWidth;
        Numerics.DeterministicParallel.For(Rows, row =>
        {
            Span<float> value = values.AsSpan(row * width, width);
            if (IsReal(row, out _))
            {
                Compose(autoencoder, Replacement(site, row), value);
                if (autoencoder.HasSkip)
                {
                    System.Numerics.Tensors.TensorPrimitives.Add(value, Clean[site].SkipTerm(row), value);
                }
            }
            else
            {
                clean.AsSpan(row * width, width).CopyTo(value);
            }
        });
        return values;
    }

    /// <summary>Puts an activation together again, without a skip term.</summary>
    public static void Compose(SparseAutoencoder autoencoder, FeatureRow row, Span<float> value)
    {
        System.Numerics.Tensors.TensorPrimitives.Add(autoencoder.DecoderBias, row.Error, value);
        for (int i = 0; i < row.Indices.Length; i++)
        {
            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(row.Indices[i]), row.Values[i], value, value);
        }
    }

    /// <summary>The batch's share of the behaviour with other nodes at one site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="nodes">What stands there.</param>
    public double Score(int site, SiteNodes nodes)
    {
        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        Tensor leaf = Tensor.FromValues(nodes.Activations, Rows, nodes.Activations.Length / Rows);
        return _reader is null ? Score([site], [leaf]).Item() : Score(ReadLater(site, leaf, nodes, null));
    }

    /// <summary>The gradient of <see cref="Score(int, SiteNodes)"/> by what stands there.</summary>
    public SiteNodes Gradient(int site, SiteNodes nodes)
    {
        using TensorScope scope = new();
        Tensor leaf = Tensor.FromValues(nodes.Activations, Rows, nodes.Activations.Length / Rows);
        leaf.RequiresGradient = true;
        float[]? direct = null;
        if (_reader is null)
        {
            Score([site], [leaf]).Backward();
        }
        else
        {
            direct = ReadBackwards(site, leaf, nodes);
        }

        return new SiteNodes(leaf.Gradient?.ToArray() ?? new float[nodes.Activations.Length], direct);
    }

    /// <summary>The batch's share of the behaviour of a pass in which every site from one on is replaced, each by what is made of its value in this very pass.</summary>
    /// <param name="first">The first site; what comes before it is as on the clean texts.</param>
    /// <param name="replace">Site, value (rows x width) and what its autoencoder encodes to what stands in its place.</param>
    public double Score(int first, Func<int, float[], float[], SiteNodes> replace)
    {
        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        float[]?[] readings = [.. CleanReadings];
        Tensor last = RunReplacing(first, Take, _reader is null ? null : Sites[_reader.LastSite].Site.Layer + 1);
        return _reader is null ? _batch.Score(Sites.Model, last).Item() : Score(readings);

        float[] Take(int site, float[] values, float[] inputs)
        {
            SiteNodes nodes = replace(site, values, inputs);
            readings[site] = nodes.Readings;
            return nodes.Activations;
        }
    }

    /// <summary>The batch's share of the behaviour with leaves in the place of sites.</summary>
    public Tensor Score(int[] sources, Tensor[] leaves) => _batch.Score(Sites.Model, Run(sources, leaves));

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        foreach (SiteState state in _corrupt ?? [])
        {
            state.Dispose();
        }
    }
}
