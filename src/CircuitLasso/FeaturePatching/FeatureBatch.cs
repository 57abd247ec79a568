using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>One batch of a behaviour with its clean texts taken apart at every site, and passes over them in which something is replaced.</summary>
internal sealed partial class FeatureBatch : IDisposable
{
    private readonly AutoencoderSites _sites;
    private readonly BehaviourBatch _batch;
    private readonly FeatureReplacement _replacement;
    private readonly FeatureMeans? _means;
    private readonly SiteState[]? _corrupt;
    private readonly Dictionary<int, float[]> _blockInputs = [];

    /// <summary>Runs the texts.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="batch">The texts.</param>
    /// <param name="replacement">What stands in the place of what is replaced.</param>
    /// <param name="means">The means, for <see cref="FeatureReplacement.Mean"/>.</param>
    /// <param name="reader">What a readout reads, where its score is the behaviour; null where the model's outputs are.</param>
    public FeatureBatch(AutoencoderSites sites, BehaviourBatch batch, FeatureReplacement replacement, FeatureMeans? means, ReadoutReader? reader)
    {
        (_sites, _batch, _replacement, _means, _reader) = (sites, batch, replacement, means, reader);
        Clean = Record(sites, batch.Clean, _blockInputs, out double score, reader is null ? batch : null);
        _scores = reader?.ScoresOf(batch);
        CleanReadings = reader?.Read(Clean) ?? new float[]?[sites.Count];
        CleanScore = reader is null ? score : Score(CleanReadings);
        if (replacement is FeatureReplacement.Corrupt or FeatureReplacement.Resample)
        {
            _corrupt = Record(sites, batch.Corrupt, null, out _, null);
        }

        ReplacedReadings = [.. Enumerable.Range(0, sites.Count).Select(ReplaceReadings)];
    }

    /// <summary>The clean texts.</summary>
    public TokenBatch Texts => _batch.Clean;

    /// <summary>The clean texts at every site.</summary>
    public SiteState[] Clean { get; }

    /// <summary>The batch's share of the behaviour on the clean texts.</summary>
    public double CleanScore { get; }

    /// <summary>Texts times positions.</summary>
    public int Rows => _batch.Rows;

    /// <summary>Takes texts apart at every site.</summary>
    public static SiteState[] Record(AutoencoderSites sites, TokenBatch texts, Dictionary<int, float[]>? blockInputs, out double score, BehaviourBatch? scored)
    {
        float[][] values = new float[sites.Count][];
        ForwardHooks hooks = new();
        for (int site = 0; site < sites.Count; site++)
        {
            int index = site;
            hooks.Add(sites[site].Site, (_, value) =>
            {
                values[index] = value.ToArray();
                return null;
            });
            (int layer, bool isInput) = sites.StartOf(site);
            if (!isInput && blockInputs?.TryAdd(layer, []) == true)
            {
                hooks.Add(new Site(SiteKind.ResidualBefore, layer), (_, value) =>
                {
                    blockInputs[layer] = value.ToArray();
                    return null;
                });
            }
        }

        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        Tensor last = sites.Model.Forward(texts, hooks, LogitPositions.None);
        score = scored?.Score(sites.Model, last).Item() ?? 0;
        return [.. sites.Select((place, site) => SiteState.Of(place.Autoencoder, values[site]))];
    }

    /// <summary>The position of a row in its text, and whether the text goes so far.</summary>
    public bool IsReal(int row, out int position)
    {
        position = row % Texts.Positions;
        return position < Texts.Lengths[row / Texts.Positions];
    }

    /// <summary>What stands in the place of a row, which is no padding.</summary>
    public FeatureRow Replacement(int site, int row)
    {
        int position = row % Texts.Positions;
        return _replacement switch
        {
            FeatureReplacement.Mean => _means!.Row(site, position),
            FeatureReplacement.Zero => new FeatureRow([], [], new float[_sites[site].Autoencoder.InputWidth]),
            _ => _corrupt![site].Row(row),
        };
    }

    /// <summary>The activations with every feature and the error replaced, rows x width; padding stays.</summary>
    public float[] Replaced(int site)
    {
        SparseAutoencoder autoencoder = _sites[site].Autoencoder;
        float[] clean = Clean[site].Values;
        float[] values = new float[clean.Length];
        int width = autoencoder.InputWidth;
        Numerics.DeterministicParallel.For(Rows, row =>
        {
            Span<float> value = values.AsSpan(row * width, width);
            if (IsReal(row, out _))
            {
                Compose(autoencoder, Replacement(site, row), value);
            }
            else
            {
                clean.AsSpan(row * width, width).CopyTo(value);
            }
        });
        return values;
    }

    /// <summary>Puts an activation together again.</summary>
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
        return _reader is null ? _batch.Score(_sites.Model, Run(site, leaf)).Item() : Score(ReadLater(site, leaf, nodes, null));
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
            _batch.Score(_sites.Model, Run(site, leaf)).Backward();
        }
        else
        {
            direct = ReadBackwards(site, leaf, nodes);
        }

        return new SiteNodes(leaf.Gradient?.ToArray() ?? new float[nodes.Activations.Length], direct);
    }

    /// <summary>The batch's share of the behaviour of a pass in which every site from one on is replaced, each by what is made of its value in this very pass.</summary>
    /// <param name="first">The first site; what comes before it is as on the clean texts.</param>
    /// <param name="replace">Site and value (rows x width) to what stands in its place.</param>
    public double Score(int first, Func<int, float[], SiteNodes> replace)
    {
        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        ForwardHooks hooks = new();
        float[]?[] readings = [.. CleanReadings];
        (int layer, bool isInput) = _sites.StartOf(first);
        for (int site = isInput ? first + 1 : first; site < _sites.Count; site++)
        {
            int index = site;
            hooks.Add(_sites[site].Site, (_, value) => Tensor.FromValues(Take(index, value.ToArray()), value.Shape));
        }

        float[] start = isInput ? Take(first, Clean[first].Values) : _blockInputs[layer];
        int end = _reader is null ? _sites.Model.Description.Layers : Math.Max(layer, _sites[_reader.LastSite].Site.Layer + 1);
        Tensor last = _sites.Model.ForwardBlocks(Texts, Stream(Tensor.FromValues(start, start.Length)), layer, end, hooks);
        return _reader is null ? _batch.Score(_sites.Model, last).Item() : Score(readings);

        float[] Take(int site, float[] values)
        {
            SiteNodes nodes = replace(site, values);
            readings[site] = nodes.Readings;
            return nodes.Activations;
        }
    }

    /// <summary>The residual stream after some blocks with a leaf in the place of one site.</summary>
    /// <param name="site">The site.</param>
    /// <param name="value">The leaf, of as many elements as the site has.</param>
    /// <param name="endLayer">The block before which to stop; null for all.</param>
    /// <param name="hooks">Hooks at later sites; null for none.</param>
    public Tensor Run(int site, Tensor value, int? endLayer = null, ForwardHooks? hooks = null)
    {
        (int layer, bool isInput) = _sites.StartOf(site);
        int end = endLayer ?? _sites.Model.Description.Layers;
        if (isInput)
        {
            return _sites.Model.ForwardBlocks(Texts, Stream(value), layer, end, hooks);
        }

        ForwardHooks own = hooks ?? new ForwardHooks();
        own.Add(_sites[site].Site, (_, old) => value.Reshape(old.Shape));
        return _sites.Model.ForwardBlocks(Texts, Stream(Tensor.FromValues(_blockInputs[layer], _blockInputs[layer].Length)), layer, end, own);
    }

    /// <summary>The activations of a later site with leaves in the place of sites before it.</summary>
    /// <param name="sources">The sites that are replaced, ascending.</param>
    /// <param name="leaves">What stands in their place.</param>
    /// <param name="site">The later site.</param>
    public Tensor? Reach(int[] sources, Tensor[] leaves, int site)
    {
        Tensor? reached = null;
        ForwardHooks hooks = Replacing(sources, leaves);
        hooks.Add(_sites[site].Site, (_, value) =>
        {
            reached = value;
            return null;
        });
        Run(sources[0], leaves[0], _sites[site].Site.Layer + 1, hooks);
        return reached;
    }

    /// <summary>The activations of a later site with others in the place of sites before it, without gradients.</summary>
    /// <param name="sources">The sites that are replaced, ascending.</param>
    /// <param name="values">What stands in their place.</param>
    /// <param name="site">The later site.</param>
    public float[] Reached(int[] sources, Tensor[] values, int site)
    {
        float[] reached = [];
        ForwardHooks hooks = Replacing(sources, values);
        hooks.Add(_sites[site].Site, (_, value) =>
        {
            reached = value.ToArray();
            return null;
        });
        Run(sources[0], values[0], _sites[site].Site.Layer + 1, hooks);
        return reached;
    }

    /// <summary>The batch's share of the behaviour with leaves in the place of sites.</summary>
    public Tensor Score(int[] sources, Tensor[] leaves) => _batch.Score(_sites.Model, Run(sources[0], leaves[0], null, Replacing(sources, leaves)));

    public void Dispose()
    {
        foreach (SiteState state in Clean.Concat(_corrupt ?? []))
        {
            state.Dispose();
        }
    }

    private ForwardHooks Replacing(int[] sources, Tensor[] leaves)
    {
        ForwardHooks hooks = new();
        for (int i = 1; i < sources.Length; i++)
        {
            Tensor leaf = leaves[i];
            hooks.Add(_sites[sources[i]].Site, (_, old) => leaf.Reshape(old.Shape));
        }

        return hooks;
    }

    private Tensor Stream(Tensor value) => value.Reshape(Texts.Count, Texts.Positions, _sites.Model.Description.Width);
}
