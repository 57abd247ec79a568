using System.Diagnostics;
using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// A transformer of GPT-2 small's shape (12 layers, width 768, 12 heads, 512 positions, no unembedding), forwards, and forwards and backwards,
/// against its matrix products alone; then single operations. Options: <c>--threads N</c>;
/// <c>--operations</c> leaves out the passes.
/// </summary>
internal static class TransformerBenchmark
{
    private const int Layers = 12;
    private const int Positions = 512;
    private const int Width = 768;
    private const int Heads = 12;
    private const int Turns = 5;

    public static void Run(string[] arguments)
    {
        int option = Array.IndexOf(arguments, "--threads");
        if (option >= 0)
        {
            DeterministicParallel.Threads = int.Parse(arguments[option + 1], CultureInfo.InvariantCulture);
        }

        RandomSource random = new(1);
        if (!arguments.Contains("--operations"))
        {
            Passes(random);
        }

        Operations(random);
    }

    private static void Passes(RandomSource random)
    {
        Block[] blocks = [.. Enumerable.Range(0, Layers).Select(_ => new Block(random))];
        Tensor x = random.NormalTensor(1, 1, Positions, Width);
        double products = double.MaxValue;
        double forward = double.MaxValue;
        double training = double.MaxValue;
        for (int turn = 0; turn < Turns; turn++)
        {
            products = Math.Min(products, Seconds(() => Products(x, blocks)));
            forward = Math.Min(forward, Seconds(() => Forward(x, blocks)));
            training = Math.Min(training, Seconds(() => Train(x, blocks)));
        }

        double flops = Layers * ((2.0 * Positions * 12 * Width * Width) + (4.0 * Positions * Positions * Width));
        Console.WriteLine($"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; best of {Turns} turns");
        Console.WriteLine($"{"what",-28}{"ms",10}{"GFLOP/s",10}{"of the products' rate",24}");
        Row("matrix products alone", products, flops, products * 1);
        Row("forward", forward, flops, products);
        Row("forward and backward", training, 3 * flops, 3 * products);
        Console.WriteLine();
    }

    private static void Row(string what, double seconds, double flops, double ideal) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-28}{seconds * 1e3,10:F1}{flops / seconds / 1e9,10:F1}{ideal / seconds,24:F2}"));

    private static void Products(Tensor x, Block[] blocks)
    {
        using IDisposable off = GradientMode.Disable();
        foreach (Block block in blocks)
        {
            using TensorScope scope = new();
            Tensor q = x.Linear(block.Query, null, true).Reshape(1, Positions, Heads, Width / Heads);
            Tensor k = x.Linear(block.Key, null, true).Reshape(1, Positions, Heads, Width / Heads);
            Tensor v = x.Linear(block.Value, null, true).Reshape(1, Positions, Heads, Width / Heads);
            q.AttentionScores(k, 0.125f).AttentionMix(v).Reshape(1, Positions, Width).Linear(block.Output, null, true).Linear(block.In, null, true).Linear(block.Out, null, true);
        }
    }

    private static void Forward(Tensor x, Block[] blocks)
    {
        using IDisposable off = GradientMode.Disable();
        using TensorScope outer = new();
        foreach (Block block in blocks)
        {
            using TensorScope scope = new();
            x = scope.Keep(block.Apply(x));
        }
    }

    private static void Train(Tensor x, Block[] blocks)
    {
        using TensorScope scope = new();
        foreach (Block block in blocks)
        {
            x = block.Apply(x);
        }

        x.Sum().Backward();
        foreach (Tensor parameter in blocks.SelectMany(block => block.Parameters))
        {
            parameter.ClearGradient();
        }
    }

    private static void Operations(RandomSource random)
    {
        Tensor hidden = random.NormalTensor(1, Positions, 4 * Width);
        Tensor residual = random.NormalTensor(1, Positions, Width);
        Tensor heads = residual.Reshape(1, Positions, Heads, Width / Heads);
        Tensor gain = random.NormalTensor(1, Width);
        Tensor scores = random.NormalTensor(1, 1, Heads, Positions, Positions);
        AttentionMask causal = new() { Causal = true };
        RotaryFrequencies frequencies = RotaryFrequencies.FromBase(64, 10000);
        int[] positions = [.. Enumerable.Range(0, Positions)];
        Console.WriteLine($"{"operation, one thread",-28}{"elements",10}{"ms",10}{"ns an element",16}");
        DeterministicParallel.Threads = 1;
        Measure("add", residual, () => residual.Add(residual));
        Measure("layer norm", residual, () => residual.LayerNorm(gain, gain, 1e-5f));
        Measure("rotary", residual, () => heads.Rotary(positions, frequencies));
        Measure("gelu tanh", hidden, () => hidden.GeluTanh());
        Measure("gelu", hidden, () => hidden.Gelu());
        Measure("silu", hidden, () => hidden.Silu());
        Measure("tanh", hidden, () => hidden.Tanh());
        Measure("exp", hidden, () => hidden.Exp());
        Measure("softmax", scores, () => scores.Softmax());
        Measure("causal softmax", scores, () => scores.AttentionPattern(causal));
    }

    private static void Measure(string name, Tensor x, Func<Tensor> operation)
    {
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();

        // Long enough for the compiler's last tier.
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 0.5)
        {
            best = Math.Min(best, Seconds(() => operation().Dispose()));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28}{x.Length,10}{best * 1e3,10:F3}{best * 1e9 / x.Length,16:F3}"));
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class Block
    {
        private readonly AttentionMask _mask = new() { Causal = true };

        public Block(RandomSource random)
        {
            Query = Weight(Width, Width);
            Key = Weight(Width, Width);
            Value = Weight(Width, Width);
            Output = Weight(Width, Width);
            In = Weight(Width, 4 * Width);
            Out = Weight(4 * Width, Width);
            Gain = Weight(Width);
            Bias = Weight(Width);
            InBias = Weight(4 * Width);

            Tensor Weight(params ReadOnlySpan<int> shape)
            {
                Tensor weight = random.NormalTensor(0.02f, shape);
                weight.RequiresGradient = true;
                return weight;
            }
        }

        public Tensor Query { get; }

        public Tensor Key { get; }

        public Tensor Value { get; }

        public Tensor Output { get; }

        public Tensor In { get; }

        public Tensor Out { get; }

        public Tensor Gain { get; }

        public Tensor Bias { get; }

        public Tensor InBias { get; }

        public Tensor[] Parameters => [Query, Key, Value, Output, In, Out, Gain, Bias, InBias];

        public Tensor Apply(Tensor x)
        {
            Tensor h = x.LayerNorm(Gain, Bias, 1e-5f);
            Tensor q = h.Linear(Query, Bias, true).Reshape(1, Positions, Heads, Width / Heads);
            Tensor k = h.Linear(Key, Bias, true).Reshape(1, Positions, Heads, Width / Heads);
            Tensor v = h.Linear(Value, Bias, true).Reshape(1, Positions, Heads, Width / Heads);
            Tensor z = q.AttentionScores(k, 0.125f).AttentionPattern(_mask).AttentionMix(v).Reshape(1, Positions, Width);
            x = x.Add(z.Linear(Output, Bias, true));
            return x.Add(x.LayerNorm(Gain, Bias, 1e-5f).Linear(In, InBias, true).GeluTanh().Linear(Out, Bias, true));
        }
    }
}
