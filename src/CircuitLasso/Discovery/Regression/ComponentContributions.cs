using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// What every component of a model writes to the residual stream on every text of a task, from one forward pass each. A component's contribution r_u at a row is
/// its coordinates times its basis: a head's coordinates are its mix of values and its basis its rows of the output matrix (so the attention's bias is nobody's; where a norm follows,
/// coordinates are over its scale at the row and the basis holds its gain),
/// the embedding and the MLPs write their coordinates as they are. Owns its memory; immutable once collected.
/// </summary>
internal sealed class ComponentContributions : IDisposable
{
    private readonly NativeBuffer<float>[] _coordinates;
    private readonly NativeBuffer<float>?[] _patterns;
    private readonly NativeBuffer<float>?[] _values;
    private readonly float[]?[] _bases;
    private readonly float[]?[] _biases;
    private readonly NativeBuffer<float>?[] _hidden;

    internal ComponentContributions(TransformerModel model, SampleLayout layout, bool withPatterns, int hiddenSamples = 0)
    {
        Model = model;
        Layout = layout;
        Graph = model.Components();
        Description = model.Description;
        AttentionDescription attention = Description.Attention;
        HiddenSamples = hiddenSamples;
        RequireMemory(withPatterns);
        _bases = new float[]?[Graph.Nodes.Count - 1];
        _coordinates = new NativeBuffer<float>[_bases.Length];
        _patterns = new NativeBuffer<float>?[Description.Layers];
        _values = new NativeBuffer<float>?[Description.Layers];
        _biases = new float[]?[Description.Layers];
        _hidden = new NativeBuffer<float>?[Description.Layers];
        for (int layer = 0; layer < Description.Layers; layer++)
        {
            _biases[layer] = model.Parameters.Find(ParameterRole.OutputBias, layer)?.ToArray();
            float[] matrix = model.AttentionOutputMatrix(layer);
            for (int head = 0; head < attention.Heads; head++)
            {
                float[] basis = new float[attention.HeadWidth * Width];
                for (int j = 0; j < attention.HeadWidth; j++)
                {
                    for (int i = 0; i < Width; i++)
                    {
                        basis[(j * Width) + i] = matrix[(i * attention.Heads * attention.HeadWidth) + (head * attention.HeadWidth) + j];
                    }
                }

                _bases[HeadNode(layer, head)] = basis;
            }

            if (hiddenSamples > 0)
            {
                _hidden[layer] = new NativeBuffer<float>((nint)hiddenSamples * layout.Slots * Description.Mlp.HiddenWidth);
            }

            if (withPatterns)
            {
                _patterns[layer] = new NativeBuffer<float>((nint)layout.Rows * attention.Heads * layout.Slots);
                _values[layer] = new NativeBuffer<float>((nint)layout.Rows * ValueWidth);
            }
        }

        for (int node = 0; node < _coordinates.Length; node++)
        {
            _coordinates[node] = new NativeBuffer<float>((nint)layout.Rows * CoordinateWidth(node));
        }
    }

    /// <summary>The model.</summary>
    public TransformerModel Model { get; }

    /// <summary>The model's architecture.</summary>
    public ModelDescription Description { get; }

    /// <summary>The candidate edges.</summary>
    public ComponentGraph Graph { get; }

    /// <summary>Which row is which token of which text.</summary>
    public SampleLayout Layout { get; }

    /// <summary>Width of the residual stream.</summary>
    public int Width => Description.Width;

    /// <summary>Whether attention patterns were recorded, so that a head's sources can be pooled by them.</summary>
    public bool HasPatterns => _patterns[0] is not null;

    /// <summary>The node of a head in <see cref="Graph"/>.</summary>
    public int HeadNode(int layer, int head) => 1 + (layer * (Description.Attention.Heads + 1)) + head;

    /// <summary>The node of an MLP in <see cref="Graph"/>.</summary>
    public int MlpNode(int layer) => HeadNode(layer, Description.Attention.Heads);

    /// <summary>Columns of a component's coordinates.</summary>
    public int CoordinateWidth(int node) => _bases[node] is null ? Width : Description.Attention.HeadWidth;

    /// <summary>A component's coordinates, rows x <see cref="CoordinateWidth"/>; not centred, and zero where there is no token.</summary>
    public Span<float> Coordinates(int node) => _coordinates[node].Span;

    /// <summary>The matrix that brings a component's coordinates into the residual stream, coordinates x width; null for the identity.</summary>
    public ReadOnlySpan<float> Basis(int node) => _bases[node];

    /// <summary>What an attention layer adds beside its heads; empty where it has no bias.</summary>
    public ReadOnlySpan<float> OutputBias(int layer) => _biases[layer];

    /// <summary>On how many of the first samples it was recorded what the nonlinearity of an MLP's hidden units is applied to.</summary>
    public int HiddenSamples { get; }

    /// <summary>What the nonlinearity of a layer's hidden units is applied to, rows of the first <see cref="HiddenSamples"/> samples x hidden.</summary>
    public Span<float> HiddenInputs(int layer) => _hidden[layer]!.Span;

    /// <summary>The matrix that brings what a layer's hidden units hold into the residual stream, hidden x width.</summary>
    public float[] HiddenBasis(int layer)
    {
        float[] matrix = Model.Parameters[new(ParameterRole.MlpDownWeight, layer)].ToArray();
        int units = Description.Mlp.HiddenWidth;
        float[] basis = new float[matrix.Length];
        for (int unit = 0; unit < units; unit++)
        {
            for (int i = 0; i < Width; i++)
            {
                basis[(unit * Width) + i] = matrix[(i * units) + unit];
            }
        }

        return basis;
    }

    /// <summary>A head's attention to the slots of a sample, slots x slots, row-major by the reading slot; times the scale of the norm that follows at the reading slot, where there is one.</summary>
    public Span<float> Pattern(int layer, int head, int sample)
    {
        int square = Layout.Slots * Layout.Slots;
        return _patterns[layer]!.Slice((((nint)sample * Description.Attention.Heads) + head) * square, square);
    }

    /// <summary>Columns of <see cref="Values"/>.</summary>
    public int ValueWidth => Description.Attention.KeyValueHeads * Description.Attention.HeadWidth;

    /// <summary>The values that a layer's heads mix, rows x (key heads x head width); with patterns only. Zero where there is no token.</summary>
    public Span<float> Values(int layer) => _values[layer]!.Span;

    /// <summary>Brings vectors written in a component's coordinates into the residual stream, or leaves them there: result := result + left * basis.</summary>
    /// <param name="node">The component.</param>
    /// <param name="sum">Rows x width.</param>
    public void AddTo(int node, Span<float> sum)
    {
        ReadOnlySpan<float> coordinates = Coordinates(node);
        if (_bases[node] is { } basis)
        {
            int inner = CoordinateWidth(node);
            MatrixProduct.Gemm(false, false, Layout.Rows, Width, inner, 1f, coordinates, inner, basis, Width, 1f, sum, Width);
            return;
        }

        System.Numerics.Tensors.TensorPrimitives.Add(sum, coordinates, sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer<float>? buffer in _coordinates.Concat(_patterns).Concat(_values).Concat(_hidden))
        {
            buffer?.Dispose();
        }
    }

    private void RequireMemory(bool withPatterns)
    {
        long widest = (long)Layout.Rows * Width;
        long patterns = withPatterns ? (long)Layout.Rows * Layout.Slots * Description.Attention.Heads * Description.Layers : 0;
        patterns += withPatterns ? (long)Layout.Rows * ValueWidth * Description.Layers : 0;
        long perLayer = Width + ((long)Description.Attention.Heads * Description.Attention.HeadWidth);
        long hidden = (long)HiddenSamples * Layout.Slots * Description.Mlp.HiddenWidth * Description.Layers;
        long bytes = sizeof(float) * (patterns + hidden + (Layout.Rows * (Width + (Description.Layers * perLayer))));
        if (widest > Array.MaxLength || bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw new InputException("task", $"{Layout.Samples} texts of up to {Layout.Slots} tokens make {bytes >> 20} MiB of contributions, more than this machine can hold", "give fewer or shorter texts");
        }
    }
}
