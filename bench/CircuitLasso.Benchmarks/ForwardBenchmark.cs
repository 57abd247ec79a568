using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Passes of real models as a fraction of the machine's rate of matrix products (OpenBLAS, or the project's kernels without it, 4096 cubed, same threads, same run,
/// taking turns), and the memory of a pass against its weights and activations. Options: <c>--threads N</c>, <c>--turns N</c>,
/// <c>--model DIR</c> (a small model run on 64 texts of 64 tokens, besides GPT-2 small's shape).
/// </summary>
internal static class ForwardBenchmark
{
    private const int Side = 4096;
    private const int Texts = 8;
    private const int Positions = 128;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        using NativeBuffer<float> a = Random(Side * Side);
        using NativeBuffer<float> b = Random(Side * Side);
        using NativeBuffer<float> c = new((nint)Side * Side);
        using TransformerModel gpt2 = Gpt2Small();
        using TransformerModel? small = options.Model is null ? null : ModelCheckpoint.Load(options.Model);
        TokenBatch batch = Batch(gpt2, Texts, Positions);
        TokenBatch longer = Batch(gpt2, 1, 512);
        string shape = $"GPT-2 small's shape, {Texts} texts of {Positions} tokens";
        List<MeasuredPass> passes =
        [
            new(shape + ": forward", gpt2, batch, LogitPositions.All, 1, () => Forward(gpt2, batch, LogitPositions.All)),
            new("  forward without the unembedding", gpt2, batch, LogitPositions.None, 1, () => Forward(gpt2, batch, LogitPositions.None)),
            new("  forward and backward, by activations", gpt2, batch, LogitPositions.Last, 2, () => Attribute(gpt2, batch)),
            new("  forward and backward, by parameters", gpt2, batch, LogitPositions.All, 3, () => Train(gpt2, batch)),
            new("  one text of 512 tokens: forward", gpt2, longer, LogitPositions.All, 1, () => Forward(gpt2, longer, LogitPositions.All)),
        ];
        if (small is not null)
        {
            TokenBatch many = Batch(small, 64, 64);
            passes.Add(new($"{Path.GetFileName(options.Model)}, 64 texts of 64 tokens: forward", small, many, LogitPositions.All, 1, () => Forward(small, many, LogitPositions.All)));
        }

        Cost product = new(double.MaxValue, double.MaxValue);
        for (int turn = 0; turn < options.Turns; turn++)
        {
            product = product.Best(Cost.Of(() => MatrixProduct.Gemm(false, false, Side, Side, Side, 1f, a.Span, Side, b.Span, Side, 0f, c.Span, Side)));
            foreach (MeasuredPass pass in passes)
            {
                pass.Turn();
            }
        }

        double operations = 2.0 * Side * Side * Side;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {Side} cubed: {operations / product.Seconds / 1e9:F1} GFLOP/s, {operations / product.ProcessorSeconds / 1e9:F1} a processor; best of {options.Turns} turns"));
        Console.WriteLine($"{"pass",-62}{"ms",9}{"processor",11}{"tokens/s",10}{"of the rate",13}{"by processor",14}{"MiB",8}{"stated",8}{"ratio",7}");
        foreach (MeasuredPass pass in passes)
        {
            pass.Print(operations / product.Seconds, operations / product.ProcessorSeconds);
        }
    }

    /// <summary>Random weights in GPT-2's architecture; small's shape unless fewer layers and heads are asked for.</summary>
    internal static TransformerModel Gpt2Small(int layers = 12, int heads = 12)
    {
        ModelDescription description = new()
        {
            Family = "gpt2",
            Layers = layers,
            Width = 64 * heads,
            VocabularySize = 50257,
            MaximumPositions = 1024,
            LearnedPositions = true,
            TiedEmbeddings = true,
            Normalization = new NormalizationDescription(NormalizationKind.Layer, 1e-5f),
            Attention = new AttentionDescription
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadWidth = 64,
                HasInputBias = true,
                HasOutputBias = true,
                ScoreScales = [.. Enumerable.Repeat(0.125f, layers)],
            },
            Mlp = new MlpDescription(256 * heads, Activation.GeluTanh, Gated: false, HasBias: true),
        };
        return new TransformerModel(description, ParameterInitializer.Random(description, 1));
    }

    private static void Forward(TransformerModel model, TokenBatch batch, LogitPositions logits)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        model.Forward(batch, null, logits);
    }

    // What attribution asks for: the gradient of a difference of logits at the last position, by what every sublayer wrote.
    private static void Attribute(TransformerModel model, TokenBatch batch)
    {
        using TensorScope scope = new();
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.Embedding), (_, value) =>
        {
            Tensor leaf = value.Detach();
            leaf.RequiresGradient = true;
            return leaf;
        });
        Tensor logits = model.Forward(batch, hooks, LogitPositions.Last).Reshape(batch.Count, model.Description.OutputSize);
        int[] answers = [.. Enumerable.Range(0, batch.Count)];
        logits.GatherLast(answers).Subtract(logits.GatherLast([.. answers.Select(answer => answer + 1)])).Sum().Backward();
    }

    private static void Train(TransformerModel model, TokenBatch batch)
    {
        using TensorScope scope = new();
        foreach (ParameterKey key in model.Parameters.Keys)
        {
            model.Parameters[key].RequiresGradient = true;
        }

        int[] next = [.. Enumerable.Range(0, batch.Ids.Length).Select(i => i % batch.Positions == batch.Positions - 1 ? -1 : batch.Ids[i + 1])];
        model.Forward(batch).CrossEntropy(next).Backward();
        foreach (ParameterKey key in model.Parameters.Keys)
        {
            model.Parameters[key].ClearGradient();
            model.Parameters[key].RequiresGradient = false;
        }
    }

    private static TokenBatch Batch(TransformerModel model, int texts, int tokens)
    {
        RandomSource random = new(2);
        return new TokenBatch([.. Enumerable.Range(0, texts).Select(_ => Enumerable.Range(0, tokens).Select(_ => random.NextInt32(model.Description.VocabularySize)).ToArray())]);
    }

    private static NativeBuffer<float> Random(int count)
    {
        NativeBuffer<float> buffer = new(count);
        RandomSource random = new(3);
        foreach (ref float value in buffer.Span)
        {
            value = (float)random.NextDouble() - 0.5f;
        }

        return buffer;
    }
}
