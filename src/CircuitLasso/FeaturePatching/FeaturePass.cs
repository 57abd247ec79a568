using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Some texts taken apart at every site, and passes over them in which sites are replaced: all that is computed between replaced sites the model computes itself.</summary>
internal class FeaturePass : IDisposable
{
    private readonly Dictionary<int, float[]> _blockInputs = [];

    /// <summary>Runs the texts.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="scored">Is given the last residual stream; null where nobody asks for it.</param>
    public FeaturePass(AutoencoderSites sites, TokenBatch texts, Action<Tensor>? scored = null)
    {
        (Sites, Texts) = (sites, texts);
        Clean = Record(sites, texts, _blockInputs, scored);
    }

    /// <summary>The texts.</summary>
    public TokenBatch Texts { get; }

    /// <summary>The texts at every site.</summary>
    public SiteState[] Clean { get; }

    /// <summary>Texts times positions.</summary>
    public int Rows => Texts.Count * Texts.Positions;

    /// <summary>The sites.</summary>
    protected AutoencoderSites Sites { get; }

    /// <summary>Takes texts apart at every site.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="blockInputs">Takes the residual stream before the blocks from which passes start; null where there will be none.</param>
    /// <param name="scored">Is given the last residual stream.</param>
    public static SiteState[] Record(AutoencoderSites sites, TokenBatch texts, Dictionary<int, float[]>? blockInputs = null, Action<Tensor>? scored = null)
    {
        float[][] values = new float[sites.Count][];
        float[]?[] inputs = new float[]?[sites.Count];
        ForwardHooks hooks = new();
        for (int site = 0; site < sites.Count; site++)
        {
            int index = site;
            Read(hooks, sites[site].Site, value => values[index] = value.ToArray());
            if (sites[site].IsTranscoder)
            {
                Read(hooks, sites[site].InputSite, value => inputs[index] = value.ToArray());
            }

            (int layer, bool isInput) = sites.StartOf(site);
            if (!isInput && blockInputs?.TryAdd(layer, []) == true)
            {
                Read(hooks, new Site(SiteKind.ResidualBefore, layer), value => blockInputs[layer] = value.ToArray());
            }
        }

        using TensorScope scope = new();
        using IDisposable mode = GradientMode.Disable();
        Tensor last = sites.Model.Forward(texts, hooks, LogitPositions.None);
        scored?.Invoke(last);
        return [.. sites.Select((place, site) => SiteState.Of(place.Autoencoder, values[site], inputs[site]))];
    }

    /// <summary>The position of a row in its text, and whether the text goes so far.</summary>
    public bool IsReal(int row, out int position)
    {
        position = row % Texts.Positions;
        return position < Texts.Lengths[row / Texts.Positions];
    }

    /// <summary>The activations of a later site, and what its autoencoder encodes, with leaves in the place of sites before it.</summary>
    /// <param name="sources">The sites that are replaced, ascending.</param>
    /// <param name="leaves">What stands in their place, rows x width.</param>
    /// <param name="site">The later site.</param>
    /// <returns>One tensor twice unless the site is a transcoder's.</returns>
    public (Tensor Value, Tensor Encoded) Reach(int[] sources, Tensor[] leaves, int site)
    {
        Tensor? value = null, encoded = null;
        Run(sources, leaves, Sites[site].Site.Layer + 1, hooks =>
        {
            Read(hooks, Sites[site].Site, reached => value = reached);
            Read(hooks, Sites[site].InputSite, reached => encoded = reached);
        });
        return (value!, encoded!);
    }

    /// <summary>A later site taken apart, with others in the place of sites before it; without gradients.</summary>
    /// <param name="sources">The sites that are replaced, ascending.</param>
    /// <param name="values">What stands in their place, rows x width.</param>
    /// <param name="site">The later site.</param>
    public SiteState Reached(int[] sources, Tensor[] values, int site)
    {
        float[] reached = [];
        float[]? encoded = null;
        Run(sources, values, Sites[site].Site.Layer + 1, hooks =>
        {
            Read(hooks, Sites[site].Site, value => reached = value.ToArray());
            if (Sites[site].IsTranscoder)
            {
                Read(hooks, Sites[site].InputSite, value => encoded = value.ToArray());
            }
        });
        return SiteState.Of(Sites[site].Autoencoder, reached, encoded);
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        foreach (SiteState state in Clean)
        {
            state.Dispose();
        }
    }

    /// <summary>The residual stream after some blocks with leaves in the place of sites.</summary>
    /// <param name="sources">The sites that are replaced, ascending.</param>
    /// <param name="leaves">What stands in their place, rows x width. A transcoder's skip term follows what it reads in this pass: its leaf holds the one of the texts as they are.</param>
    /// <param name="endLayer">The block before which to stop; null for all.</param>
    /// <param name="read">Adds hooks that read, after those that replace.</param>
    protected Tensor Run(int[] sources, Tensor[] leaves, int? endLayer = null, Action<ForwardHooks>? read = null)
    {
        (int layer, bool isInput) = Sites.StartOf(sources[0]);
        ForwardHooks hooks = new();
        Tensor?[] encoded = new Tensor?[sources.Length];
        for (int i = isInput ? 1 : 0; i < sources.Length; i++)
        {
            int index = i;
            hooks.Add(Sites[sources[i]].Site, (_, old) => leaves[index].Reshape(old.Shape) is var value && encoded[index] is { } now ? value.Add(SkipChange(sources[index], now).Reshape(old.Shape)) : value);
        }

        // At a site that is itself replaced, what is read is what stands in its place.
        for (int i = 1; i < sources.Length; i++)
        {
            int index = i;
            if (Sites[sources[i]].Autoencoder.HasSkip)
            {
                Read(hooks, Sites[sources[i]].InputSite, value => encoded[index] = value);
            }
        }

        read?.Invoke(hooks);
        Tensor start = isInput ? leaves[0] : Tensor.FromValues(_blockInputs[layer], _blockInputs[layer].Length);
        return Blocks(start, layer, endLayer ?? Sites.Model.Description.Layers, hooks);
    }

    /// <summary>The residual stream after the last block of a pass in which every site from one on is replaced, each by what is made of its value in this very pass.</summary>
    /// <param name="first">The first site; what comes before it is as on the texts.</param>
    /// <param name="replace">Site, value (rows x width) and what its autoencoder encodes to what stands in its place.</param>
    /// <param name="endLayer">The block before which to stop, if the pass starts before it; null for all.</param>
    protected Tensor RunReplacing(int first, Func<int, float[], float[], float[]> replace, int? endLayer = null)
    {
        (int layer, bool isInput) = Sites.StartOf(first);
        ForwardHooks hooks = new();
        float[]?[] encoded = new float[]?[Sites.Count];
        for (int site = isInput ? first + 1 : first; site < Sites.Count; site++)
        {
            int index = site;
            hooks.Add(Sites[site].Site, (_, value) => value.ToArray() is var values ? Tensor.FromValues(replace(index, values, encoded[index] ?? values), value.Shape) : null);
        }

        for (int site = first; site < Sites.Count; site++)
        {
            int index = site;
            if (Sites[site].IsTranscoder)
            {
                Read(hooks, Sites[site].InputSite, value => encoded[index] = value.ToArray());
            }
        }

        float[] start = isInput ? replace(first, Clean[first].Values, Clean[first].Inputs) : _blockInputs[layer];
        return Blocks(Tensor.FromValues(start, start.Length), layer, Math.Max(layer, endLayer ?? Sites.Model.Description.Layers), hooks);
    }

    /// <summary>Adds a hook that reads a site and leaves it.</summary>
    protected static void Read(ForwardHooks hooks, Site site, Action<Tensor> read) => hooks.Add(site, (_, value) =>
    {
        read(value);
        return null;
    });

    // What a skip matrix makes of the change of its input: exactly nothing where this has not changed.
    private Tensor SkipChange(int site, Tensor encoded)
    {
        SparseAutoencoder autoencoder = Sites[site].Autoencoder;
        Tensor change = encoded.Reshape(Rows, autoencoder.InputWidth).Subtract(Tensor.FromValues(Clean[site].Inputs, Rows, autoencoder.InputWidth));
        return change.Linear(Tensor.FromValues(autoencoder.Skip.ToArray(), autoencoder.OutputWidth, autoencoder.InputWidth), null, weightIsInputByOutput: false);
    }

    private Tensor Blocks(Tensor start, int layer, int endLayer, ForwardHooks hooks) =>
        Sites.Model.ForwardBlocks(Texts, start.Reshape(Texts.Count, Texts.Positions, Sites.Model.Description.Width), layer, endLayer, hooks);
}
