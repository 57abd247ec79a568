using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>What the sources of a model compute in an ordinary pass, as small as it can be kept: the embedding, the mixed values of every head (over
/// the scale of the norm that follows, where there is one), and what MLPs write.</summary>
internal sealed class RecordedSources
{
    private readonly int _layers;

    public RecordedSources(int layers)
    {
        _layers = layers;
        Mixes = new float[layers][];
        Mlps = new float[layers][];
    }

    /// <summary>[b, p, d].</summary>
    public float[] Embedding { get; private set; } = [];

    /// <summary>By layer [b, p, heads, head width].</summary>
    public float[][] Mixes { get; }

    /// <summary>By layer [b, p, d].</summary>
    public float[][] Mlps { get; }

    /// <summary>Adds the hooks that fill this object; what hooks added before them replace is what is kept.</summary>
    public void Record(ForwardHooks hooks)
    {
        Add(new Site(SiteKind.Embedding), values => Embedding = values);
        for (int layer = 0; layer < _layers; layer++)
        {
            int index = layer;
            Add(new Site(SiteKind.AttentionMixNormalized, layer), values => Mixes[index] = values);
            Add(new Site(SiteKind.MlpOutput, layer), values => Mlps[index] = values);
        }

        void Add(Site site, Action<float[]> keep) => hooks.Add(site, (_, value) =>
        {
            keep(value.ToArray());
            return null;
        });
    }
}
