using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>A checkpoint in TransformerLens's layout, written tensor by tensor, and its forward pass as plain loops over those tensors.</summary>
internal sealed class HookedTransformerFiles : IDisposable
{
    public const int Layers = 2;
    public const int Heads = 3;
    public const int Width = 8;
    public const int HeadWidth = 5;
    public const int Hidden = 11;
    public const int Vocabulary = 7;
    public const int Outputs = 4;
    public const int Context = 6;
    private const double Epsilon = 1e-3;
    private readonly TemporaryFolder _folder = new();
    private readonly SortedDictionary<string, (int[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);
    private readonly string? _norm;
    private readonly bool _causal;
    private readonly string _activation;

    public HookedTransformerFiles(string? norm, bool causal, string activation = "gelu", bool masks = false)
    {
        (_norm, _causal, _activation) = (norm, causal, activation);
        Random random = new(5);
        Add(random, "embed.W_E", Vocabulary, Width);
        Add(random, "pos_embed.W_pos", Context, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            foreach (string part in (string[])["Q", "K", "V"])
            {
                Add(random, block + "attn.W_" + part, Heads, Width, HeadWidth);
                Add(random, block + "attn.b_" + part, Heads, HeadWidth);
            }

            Add(random, block + "attn.W_O", Heads, HeadWidth, Width);
            Add(random, block + "attn.b_O", Width);
            Add(random, block + "mlp.W_in", Width, Hidden);
            Add(random, block + "mlp.b_in", Hidden);
            Add(random, block + "mlp.W_out", Hidden, Width);
            Add(random, block + "mlp.b_out", Width);
            if (masks)
            {
                Add(random, block + "attn.mask", Context, Context);
                Add(random, block + "attn.IGNORE", 1);
            }

            AddNorm(random, block + "ln1");
            AddNorm(random, block + "ln2");
        }

        AddNorm(random, "ln_final");
        Add(random, "unembed.W_U", Width, Outputs);
        Add(random, "unembed.b_U", Outputs);
        WriteConfiguration(Configuration);
        using SafeTensorsWriter writer = new(
            TensorPath,
            _tensors.Select(pair => new SafeTensorsDeclaration(pair.Key, SafeTensorsDataType.Float32, [.. pair.Value.Shape.Select(size => (long)size)])));
        foreach ((string name, (_, float[] values)) in _tensors)
        {
            writer.Write(name, values);
        }

        writer.Complete();
    }

    public string Folder => _folder.Root;

    public string TensorPath => _folder.PathOf("model.safetensors");

    public string Configuration => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        {"model_type":"hooked_transformer","n_layers":{{Layers}},"n_heads":{{Heads}},"d_head":{{HeadWidth}},"d_model":{{Width}},"d_mlp":{{Hidden}},"n_ctx":{{Context}},
         "d_vocab":{{Vocabulary}},"d_vocab_out":{{Outputs}},"act_fn":"{{_activation}}","normalization_type":{{(_norm is null ? "null" : $"\"{_norm}\"")}},
         "attention_dir":"{{(_causal ? "causal" : "bidirectional")}}","eps":{{Epsilon}}}
        """);

    public void WriteConfiguration(string json) => File.WriteAllText(_folder.PathOf("config.json"), json);

    public void Dispose() => _folder.Dispose();

    /// <summary>Logits [positions, outputs] of one text by TransformerLens's formulas, in float64.</summary>
    public double[,] Forward(int[] tokens)
    {
        int n = tokens.Length;
        double[][] residual = [.. Enumerable.Range(0, n).Select(p => Row(i => At("embed.W_E", tokens[p], i) + At("pos_embed.W_pos", p, i)))];
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            double[][] read = [.. residual.Select(x => Normalize(x, block + "ln1"))];
            double[][] written = [.. residual.Select(x => Row(i => x[i] + At(block + "attn.b_O", i)))];
            for (int head = 0; head < Heads; head++)
            {
                double[][] q = Project(read, block + "attn.W_Q", block + "attn.b_Q", head);
                double[][] k = Project(read, block + "attn.W_K", block + "attn.b_K", head);
                double[][] v = Project(read, block + "attn.W_V", block + "attn.b_V", head);
                for (int p = 0; p < n; p++)
                {
                    int last = _causal ? p + 1 : n;
                    double[] weights = new double[last];
                    for (int s = 0; s < last; s++)
                    {
                        for (int j = 0; j < HeadWidth; j++)
                        {
                            weights[s] += q[p][j] * k[s][j] / Math.Sqrt(HeadWidth);
                        }

                        weights[s] = Math.Exp(weights[s]);
                    }

                    double total = weights.Sum();
                    for (int s = 0; s < last; s++)
                    {
                        for (int j = 0; j < HeadWidth; j++)
                        {
                            for (int i = 0; i < Width; i++)
                            {
                                written[p][i] += weights[s] / total * v[s][j] * At(block + "attn.W_O", head, j, i);
                            }
                        }
                    }
                }
            }

            residual = [.. written.Select(x =>
            {
                double[] y = Normalize(x, block + "ln2");
                double[] hidden = [.. Enumerable.Range(0, Hidden).Select(h => Activate(At(block + "mlp.b_in", h) + Enumerable.Range(0, Width).Sum(i => y[i] * At(block + "mlp.W_in", i, h))))];
                return Row(i => x[i] + At(block + "mlp.b_out", i) + Enumerable.Range(0, Hidden).Sum(h => hidden[h] * At(block + "mlp.W_out", h, i)));
            })];
        }

        double[,] logits = new double[n, Outputs];
        for (int p = 0; p < n; p++)
        {
            double[] y = Normalize(residual[p], "ln_final");
            for (int o = 0; o < Outputs; o++)
            {
                logits[p, o] = At("unembed.b_U", o) + Enumerable.Range(0, Width).Sum(i => y[i] * At("unembed.W_U", i, o));
            }
        }

        return logits;
    }

    private static double[] Row(Func<int, double> value) => [.. Enumerable.Range(0, Width).Select(value)];

    private double[][] Project(double[][] rows, string weight, string bias, int head) =>
        [.. rows.Select(x => Enumerable.Range(0, HeadWidth).Select(j => At(bias, head, j) + Enumerable.Range(0, Width).Sum(i => x[i] * At(weight, head, i, j))).ToArray())];

    private double[] Normalize(double[] x, string name)
    {
        if (_norm is null)
        {
            return x;
        }

        double mean = _norm.StartsWith("RMS", StringComparison.Ordinal) ? 0 : x.Average();
        double scale = Math.Sqrt(x.Sum(value => (value - mean) * (value - mean)) / Width + Epsilon);
        return Row(i => ((x[i] - mean) / scale * (_norm is "LN" or "RMS" ? At(name + ".w", i) : 1)) + (_norm == "LN" ? At(name + ".b", i) : 0));
    }

    private double Activate(double x) => _activation switch
    {
        "gelu" => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        "gelu_new" => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        "silu" => x / (1 + Math.Exp(-x)),
        _ => Math.Max(0, x),
    };

    // The Taylor series; the arguments here stay far below where it cancels.
    private static double Erf(double x)
    {
        double term = x;
        double sum = x;
        for (int n = 1; n < 100; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private double At(string name, params int[] index)
    {
        (int[] shape, float[] values) = _tensors[name];
        int flat = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            flat = (flat * shape[axis]) + index[axis];
        }

        return values[flat];
    }

    private void AddNorm(Random random, string name)
    {
        if (_norm is "LN" or "RMS")
        {
            Add(random, name + ".w", Width);
        }

        if (_norm == "LN")
        {
            Add(random, name + ".b", Width);
        }
    }

    private void Add(Random random, string name, params int[] shape)
    {
        float[] values = new float[shape.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((random.NextDouble() - 0.5) * 1.2);
        }

        _tensors.Add(name, (shape, values));
    }
}
