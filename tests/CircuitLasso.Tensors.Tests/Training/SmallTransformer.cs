namespace CircuitLasso.Tensors.Tests;

/// <summary>A small causal transformer made of the operations that models use, to test them together.</summary>
public sealed class SmallTransformer : IDisposable
{
    private readonly int _heads;
    private readonly int _keyHeads;
    private readonly RotaryFrequencies _frequencies;
    private readonly List<Dictionary<string, Tensor>> _layers = [];
    private readonly Tensor _embedding;
    private readonly Tensor _gain;
    private readonly Tensor _unembedding;

    public SmallTransformer(ulong seed, int layers, int width, int heads, int keyHeads, int vocabulary)
    {
        RandomSource random = new(seed);
        _heads = heads;
        _keyHeads = keyHeads;
        _frequencies = RotaryFrequencies.FromBase(width / heads, 100);
        _embedding = Weight(vocabulary, width);
        for (int layer = 0; layer < layers; layer++)
        {
            _layers.Add(new Dictionary<string, Tensor>
            {
                ["attention gain"] = Ones(width),
                ["attention bias"] = Zeros(width),
                ["query"] = Weight(width, width),
                ["key"] = Weight(width / heads * keyHeads, width),
                ["value"] = Weight(width / heads * keyHeads, width),
                ["output"] = Weight(width, width),
                ["mlp gain"] = Ones(width),
                ["in"] = Weight(4 * width, width),
                ["in bias"] = Zeros(4 * width),
                ["out"] = Weight(width, 4 * width),
                ["out bias"] = Zeros(width),
            });
        }

        _gain = Ones(width);
        _unembedding = Weight(vocabulary, width);

        Tensor Weight(int rows, int columns) => Parameter(random.NormalTensor(1 / MathF.Sqrt(columns), rows, columns));
        Tensor Ones(int length) => Parameter(Tensor.FromValues([.. Enumerable.Repeat(1f, length)], length));
        Tensor Zeros(int length) => Parameter(Tensor.Zeros(length));
    }

    public List<Tensor> Parameters { get; } = [];

    public Tensor Forward(int[] tokens, int batch, int[]? lengths = null) => ForwardFrom(_embedding.Embedding(tokens, batch, tokens.Length / batch), lengths);

    public Tensor ForwardFrom(Tensor x, int[]? lengths = null)
    {
        int batch = x.Dimension(0);
        int positions = x.Dimension(1);
        int width = x.Dimension(2);
        int headWidth = width / _heads;
        int[] places = [.. Enumerable.Range(0, positions)];
        AttentionMask mask = new() { Causal = true, Lengths = lengths };
        foreach (Dictionary<string, Tensor> layer in _layers)
        {
            Tensor h = x.LayerNorm(layer["attention gain"], layer["attention bias"], 1e-5f);
            Tensor q = h.Linear(layer["query"], null, false).Reshape(batch, positions, _heads, headWidth).Rotary(places, _frequencies);
            Tensor k = h.Linear(layer["key"], null, false).Reshape(batch, positions, _keyHeads, headWidth).Rotary(places, _frequencies);
            Tensor v = h.Linear(layer["value"], null, false).Reshape(batch, positions, _keyHeads, headWidth);
            Tensor z = q.AttentionScores(k, 1 / MathF.Sqrt(headWidth)).AttentionPattern(mask).AttentionMix(v);
            x = x.Add(z.Reshape(batch, positions, width).Linear(layer["output"], null, false));
            Tensor m = x.RmsNorm(layer["mlp gain"], 1e-5f).Linear(layer["in"], layer["in bias"], false).GeluTanh();
            x = x.Add(m.Linear(layer["out"], layer["out bias"], false));
        }

        return x.RmsNorm(_gain, 1e-5f).Linear(_unembedding, null, false);
    }

    public void Dispose() => Parameters.ForEach(parameter => parameter.Dispose());

    private Tensor Parameter(Tensor tensor)
    {
        tensor.RequiresGradient = true;
        Parameters.Add(tensor);
        return tensor;
    }
}
