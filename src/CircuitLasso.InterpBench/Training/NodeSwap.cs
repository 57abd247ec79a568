using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// Takes chosen nodes of chosen rows from another run, at every position: a head's mixed values (before the output matrix, which is the same as its
/// contribution to the residual stream) or an MLP's hidden layer (so that its output bias is not swapped).
/// </summary>
internal sealed class NodeSwap
{
    private readonly ModelDescription _description;
    private readonly Dictionary<Site, Tensor> _source = [];

    /// <param name="description">The model.</param>
    public NodeSwap(ModelDescription description)
    {
        _description = description;
    }

    /// <summary>Nodes of a layer: its heads, then its MLP.</summary>
    public int NodesPerLayer => _description.Attention.Heads + 1;

    /// <summary>Number of nodes of the model.</summary>
    public int Nodes => NodesPerLayer * _description.Layers;

    /// <summary>Name of a node: <c>a{layer}.h{head}</c> or <c>m{layer}</c>.</summary>
    public string NameOf(int node) => node % NodesPerLayer is int part && part < _description.Attention.Heads
        ? ComponentGraph.HeadName(node / NodesPerLayer, part)
        : ComponentGraph.MlpName(node / NodesPerLayer);

    /// <summary>Number of the node of that name, or -1.</summary>
    public int IndexOf(string name)
    {
        for (int node = 0; node < Nodes; node++)
        {
            if (NameOf(node) == name)
            {
                return node;
            }
        }

        return -1;
    }

    /// <summary>Runs the source texts without gradients and keeps the values of every node in the caller's scope.</summary>
    public void RecordSource(TransformerModel model, TokenBatch source)
    {
        _source.Clear();
        using IDisposable noGradients = GradientMode.Disable();
        Dictionary<Site, (float[] Values, int[] Shape)> copies = [];
        ForwardHooks hooks = new();
        for (int layer = 0; layer < _description.Layers; layer++)
        {
            hooks.Add(new Site(SiteKind.AttentionMix, layer), Record);
            hooks.Add(new Site(SiteKind.MlpHidden, layer), Record);
        }

        // The pass ends values with their block, so what is recorded is copied, and the copies outlive the scopes of the pass.
        model.Forward(source, hooks, LogitPositions.None).Dispose();
        foreach ((Site site, (float[] values, int[] shape)) in copies)
        {
            _source[site] = Tensor.FromValues(values, shape);
        }

        Tensor? Record(Site site, Tensor value)
        {
            copies[site] = (value.ToArray(), value.Shape.ToArray());
            return null;
        }
    }

    /// <summary>Hooks of a run of <paramref name="copies"/> stacked copies of the base texts in which the chosen nodes carry the recorded values.</summary>
    /// <param name="swapped">[copies x texts, nodes], row-major: whether the row's node is swapped.</param>
    /// <param name="copies">How often the texts are stacked.</param>
    public ForwardHooks Hooks(bool[] swapped, int copies)
    {
        ForwardHooks hooks = new();
        int rows = swapped.Length / Nodes;
        int heads = _description.Attention.Heads;
        for (int layer = 0; layer < _description.Layers; layer++)
        {
            int firstNode = layer * NodesPerLayer;
            Add(hooks, new Site(SiteKind.AttentionMix, layer), swapped, rows, copies, firstNode, heads);
            Add(hooks, new Site(SiteKind.MlpHidden, layer), swapped, rows, copies, firstNode + heads, 1);
        }

        return hooks;
    }

    private void Add(ForwardHooks hooks, Site site, bool[] swapped, int rows, int copies, int firstNode, int count)
    {
        float[] keep = new float[rows * count];
        float[] take = new float[rows * count];
        bool any = false;
        for (int row = 0; row < rows; row++)
        {
            for (int node = 0; node < count; node++)
            {
                bool swap = swapped[(row * Nodes) + firstNode + node];
                keep[(row * count) + node] = swap ? 0 : 1;
                take[(row * count) + node] = swap ? 1 : 0;
                any |= swap;
            }
        }

        if (!any)
        {
            return;
        }

        int[] shape = site.Kind == SiteKind.AttentionMix ? [rows, 1, count, 1] : [rows, 1, 1];
        Tensor keepMask = Tensor.FromValues(keep, shape);
        Tensor stacked = copies == 1 ? _source[site] : Enumerable.Repeat(_source[site], copies).ToArray().Concatenate(0);
        Tensor taken = stacked.Multiply(Tensor.FromValues(take, shape));
        hooks.Add(site, (_, value) => value.Multiply(keepMask).Add(taken));
    }
}
