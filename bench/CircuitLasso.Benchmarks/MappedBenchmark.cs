using System.Globalization;
using System.Runtime.InteropServices;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// A large vocabulary and real widths in bfloat16, run from the files: what is held in memory, and the speed against the machine's rate of matrix products. Without
/// <c>--model DIR</c> a checkpoint of Gemma 2 2B's kind and widths is written to a temporary folder (two layers, 1.4 GiB) and deleted again. Options: <c>--threads N</c>, <c>--turns N</c>.
/// </summary>
internal static class MappedBenchmark
{
    private const int Texts = 8;
    private const int Positions = 64;
    private const int Side = 2048;
    private const double MiB = 1 << 20;

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        string folder = options.Model ?? Directory.CreateTempSubdirectory("circuitlasso-bench-").FullName;
        try
        {
            if (options.Model is null)
            {
                Write(folder);
            }

            Measure(folder, options.Turns);
        }
        finally
        {
            if (options.Model is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void Measure(string folder, int turns)
    {
        using NativeBuffer<float> square = new((nint)Side * Side);
        using NativeBuffer<float> product = new((nint)Side * Side);
        TensorBackend.ReleaseFreeMemory();
        NativeMemoryLedger.ResetPeak();
        long before = NativeMemoryLedger.CurrentBytes;
        using ResidentMemory resident = new();
        using TransformerModel model = ModelCheckpoint.Load(folder);
        RandomSource random = new(2);
        TokenBatch batch = new([.. Enumerable.Range(0, Texts).Select(_ => Enumerable.Range(0, Positions).Select(_ => random.NextInt32(model.Description.VocabularySize)).ToArray())]);
        Cost rate = new(double.MaxValue, double.MaxValue);
        Cost blocks = rate;
        Cost scored = rate;
        for (int turn = 0; turn < turns; turn++)
        {
            rate = rate.Best(Cost.Of(() => MatrixProduct.Gemm(false, false, Side, Side, Side, 1f, square.Span, Side, square.Span, Side, 0f, product.Span, Side)));
            blocks = blocks.Best(Cost.Of(() => Forward(model, batch, scores: false)));
            scored = scored.Best(Cost.Of(() => Forward(model, batch, scores: true)));
        }

        double operations = 2.0 * Side * Side * Side;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{MatrixBackend.Default.Name}; {DeterministicParallel.Threads} threads; {Side} cubed: {operations / rate.Seconds / 1e9:F1} GFLOP/s, {operations / rate.ProcessorSeconds / 1e9:F1} a processor; best of {turns} turns"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights in files {model.Parameters.BytesInFiles / MiB:F0} MiB; in float32 they would be {sizeof(float) * model.Parameters.Count / MiB:F0} MiB"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"native buffers at most {(NativeMemoryLedger.PeakBytes - before) / MiB:F0} MiB; memory of the process that is no file at most {resident.AnonymousBytes / MiB:F0} MiB, {resident.FileBytes / MiB:F0} MiB of files resident"));
        foreach ((string name, LogitPositions logits, Cost cost) in (ReadOnlySpan<(string, LogitPositions, Cost)>)[("blocks alone", LogitPositions.None, blocks), ("every next token scored", LogitPositions.All, scored)])
        {
            double pass = PassCost.Of(model.Description, Texts, Positions, logits).Operations;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Texts} texts of {Positions} tokens, {name,-24}{cost.Seconds * 1e3,9:F1} ms{cost.ProcessorSeconds * 1e3,9:F1} processor   of the rate {pass / cost.Seconds / (operations / rate.Seconds):F2}, by processor {pass / cost.ProcessorSeconds / (operations / rate.ProcessorSeconds):F2}"));
        }
    }

    private static void Forward(TransformerModel model, TokenBatch batch, bool scores)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        Tensor residual = model.Forward(batch, null, LogitPositions.None);
        if (scores)
        {
            int[] next = [.. batch.Ids[1..], 0];
            model.LogProbabilities(residual, next);
        }
    }

    private static void Write(string folder)
    {
        const int Vocabulary = 256_000;
        const int Width = 2304;
        const int Hidden = 9216;
        const int Layers = 2;
        File.WriteAllText(
            Path.Combine(folder, "config.json"),
            $$"""{"model_type": "gemma2", "hidden_size": {{Width}}, "intermediate_size": {{Hidden}}, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "num_hidden_layers": {{Layers}}, "vocab_size": {{Vocabulary}}, "max_position_embeddings": 8192, "tie_word_embeddings": true, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256, "sliding_window": 4096}""");
        List<SafeTensorsDeclaration> tensors = [new("model.embed_tokens.weight", SafeTensorsDataType.BFloat16, [Vocabulary, Width]), new("model.norm.weight", SafeTensorsDataType.BFloat16, [Width])];
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"model.layers.{layer}.";
            tensors.AddRange(
            [
                new(block + "input_layernorm.weight", SafeTensorsDataType.BFloat16, [Width]),
                new(block + "self_attn.q_proj.weight", SafeTensorsDataType.BFloat16, [2048, Width]),
                new(block + "self_attn.k_proj.weight", SafeTensorsDataType.BFloat16, [1024, Width]),
                new(block + "self_attn.v_proj.weight", SafeTensorsDataType.BFloat16, [1024, Width]),
                new(block + "self_attn.o_proj.weight", SafeTensorsDataType.BFloat16, [Width, 2048]),
                new(block + "post_attention_layernorm.weight", SafeTensorsDataType.BFloat16, [Width]),
                new(block + "pre_feedforward_layernorm.weight", SafeTensorsDataType.BFloat16, [Width]),
                new(block + "post_feedforward_layernorm.weight", SafeTensorsDataType.BFloat16, [Width]),
                new(block + "mlp.gate_proj.weight", SafeTensorsDataType.BFloat16, [Hidden, Width]),
                new(block + "mlp.up_proj.weight", SafeTensorsDataType.BFloat16, [Hidden, Width]),
                new(block + "mlp.down_proj.weight", SafeTensorsDataType.BFloat16, [Width, Hidden]),
            ]);
        }

        // A prime number of random values, over and over: no two rows are alike.
        RandomSource random = new(1);
        ushort[] values = [.. Enumerable.Range(0, 1_048_573).Select(_ => (ushort)(BitConverter.SingleToUInt32Bits((float)(0.02 * random.NextNormal())) >> 16))];
        using SafeTensorsWriter writer = new(Path.Combine(folder, "model.safetensors"), tensors);
        foreach (SafeTensorsDeclaration tensor in tensors)
        {
            long left = tensor.Shape.Aggregate(1L, (count, size) => count * size);
            while (left > 0)
            {
                ReadOnlySpan<ushort> part = values.AsSpan(0, (int)Math.Min(left, values.Length));
                writer.WriteBytes(tensor.Name, MemoryMarshal.AsBytes(part));
                left -= part.Length;
            }
        }

        writer.Complete();
    }
}
