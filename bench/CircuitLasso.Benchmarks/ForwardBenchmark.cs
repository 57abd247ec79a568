using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Forward passes of real models as a fraction of the machine's rate of matrix products (OpenBLAS, or the project's kernels without it, 4096 cubed, same threads,
/// same run). Options: <c>--threads N</c>, <c>--model DIR</c> (a small model run on 64 texts of 64 tokens, besides GPT-2 small's shape).
/// </summary>
internal static class ForwardBenchmark
{
    private const int Side = 4096;
    private const int Turns = 5;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        using NativeBuffer<float> a = Random(Side * Side);
        using NativeBuffer<float> b = Random(Side * Side);
        using NativeBuffer<float> c = new((nint)Side * Side);
        using TransformerModel gpt2 = Gpt2Small();
        using TransformerModel? small = options.Model is null ? null : ModelCheckpoint.Load(options.Model);
        double product = double.MaxValue;
        double[] seconds = [double.MaxValue, double.MaxValue, double.MaxValue];
        TokenBatch long512 = Batch(gpt2, 1, 512);
        TokenBatch? many = small is null ? null : Batch(small, 64, 64);
        for (int turn = 0; turn < Turns; turn++)
        {
            product = Math.Min(product, Seconds(() => MatrixProduct.Gemm(false, false, Side, Side, Side, 1f, a.Span, Side, b.Span, Side, 0f, c.Span, Side)));
            seconds[0] = Math.Min(seconds[0], Seconds(() => Forward(gpt2, long512, LogitPositions.All)));
            seconds[1] = Math.Min(seconds[1], Seconds(() => Forward(gpt2, long512, LogitPositions.None)));
            if (small is not null)
            {
                seconds[2] = Math.Min(seconds[2], Seconds(() => Forward(small, many!, LogitPositions.All)));
            }
        }

        double rate = 2.0 * Side * Side * Side / product;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {Side} cubed: {rate / 1e9:F1} GFLOP/s; best of {Turns} turns"));
        Console.WriteLine($"{"forward pass",-52}{"ms",10}{"tokens/s",12}{"GFLOP/s",10}{"of the rate",13}");
        Row("GPT-2 small's shape, 512 tokens, unembedding counted", gpt2, long512, seconds[0], true, rate);
        Row("the same without the unembedding", gpt2, long512, seconds[1], false, rate);
        if (small is not null)
        {
            Row($"{Path.GetFileName(options.Model)}, 64 texts of 64 tokens", small, many!, seconds[2], true, rate);
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

    private static void Row(string what, TransformerModel model, TokenBatch batch, double seconds, bool unembedding, double rate)
    {
        double flops = Flops(model.Description, batch, unembedding);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-52}{seconds * 1e3,10:F1}{batch.Ids.Length / seconds,12:F0}{flops / seconds / 1e9,10:F1}{flops / seconds / rate,13:F2}"));
    }

    // Multiplications and additions of the matrix products, the causal half of attention counted in full because it is computed in full.
    private static double Flops(ModelDescription d, TokenBatch batch, bool unembedding)
    {
        double tokens = batch.Ids.Length;
        double heads = d.Attention.Heads * d.Attention.HeadWidth;
        double keys = d.Attention.KeyValueHeads * d.Attention.HeadWidth;
        double layer = (2 * d.Width * ((2 * heads) + (2 * keys))) + (2.0 * d.Width * d.Mlp.HiddenWidth * (d.Mlp.Gated ? 3 : 2)) + (4 * heads * batch.Positions);
        return tokens * ((d.Layers * layer) + (unembedding ? 2.0 * d.Width * d.VocabularySize : 0));
    }

    private static void Forward(TransformerModel model, TokenBatch batch, LogitPositions logits)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        model.Forward(batch, null, logits);
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

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
