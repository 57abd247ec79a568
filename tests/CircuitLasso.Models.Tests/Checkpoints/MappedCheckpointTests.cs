using System.Runtime.InteropServices;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>The buffers of the whole process are counted, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(MappedCheckpointTests), DisableParallelization = true)]
[Collection(nameof(MappedCheckpointTests))]
public sealed class MappedCheckpointTests
{
    private static readonly int[] _lengths = [5, 3, 8];

    public static TheoryData<string, SafeTensorsDataType> Checkpoints => new MatrixTheoryData<string, SafeTensorsDataType>(
        ["gpt2", "llama"], [SafeTensorsDataType.Float32, SafeTensorsDataType.Float16, SafeTensorsDataType.BFloat16, SafeTensorsDataType.Float64]);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void A_model_in_its_files_computes_what_a_copy_in_memory_computes(string family, SafeTensorsDataType type)
    {
        using TemporaryFolder folder = new();
        Write(folder.Root, family, type, 12, 40);
        using TransformerModel mapped = ModelCheckpoint.Load(folder.Root);
        using TransformerModel copied = ModelCheckpoint.Load(folder.Root, WeightPlace.Memory);
        Assert.All(copied.Parameters.Keys, key => Assert.True(copied.Parameters[key].IsPlain));
        Assert.All(mapped.Parameters.Keys, key => Assert.Equal(copied.Parameters[key].ToArray(), mapped.Parameters[key].ToArray()));
        bool isNarrow = type is SafeTensorsDataType.Float16 or SafeTensorsDataType.BFloat16;
        Assert.Equal(isNarrow, mapped.Parameters[new(ParameterRole.QueryWeight, 1)].StoredType != StoredType.Float32);
        Assert.Equal(type == SafeTensorsDataType.Float64 || (type == SafeTensorsDataType.Float32 && family == "llama"), mapped.Parameters[new(ParameterRole.MlpDownWeight, 0)].IsPlain);
        TokenBatch batch = new([.. _lengths.Select((length, text) => Enumerable.Range(text, length).ToArray())]);
        (float[] logits, float[] gradient) = Run(copied, batch);
        (float[] mappedLogits, float[] mappedGradient) = Run(mapped, batch);
        AssertClose(logits, mappedLogits);
        AssertClose(gradient, mappedGradient);
        for (int head = 0; head < 2; head++)
        {
            Tensor input = new RandomSource(4).NormalTensor(1, batch.Count * batch.Positions, mapped.Description.Width);
            AssertClose(copied.HeadContributions(head, batch, input, input, input).ToArray(), mapped.HeadContributions(head, batch, input, input, input).ToArray());
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void The_whole_is_never_held_in_float32(string family)
    {
        const int Width = 64;
        const int Vocabulary = 120_000;
        using TemporaryFolder folder = new();
        Write(folder.Root, family, SafeTensorsDataType.BFloat16, Width, Vocabulary);
        TensorBackend.ReleaseFreeMemory();
        NativeMemoryLedger.ResetPeak();
        long before = NativeMemoryLedger.CurrentBytes;
        long managed = GC.GetTotalAllocatedBytes();
        using TransformerModel model = ModelCheckpoint.Load(folder.Root);
        TokenBatch batch = new([[1, 2, 3], [4, 5]]);
        using (GradientMode.Disable())
        {
            using TensorScope scope = new();
            Assert.All(model.Forward(batch, null, LogitPositions.Last).ToArray(), value => Assert.True(float.IsFinite(value)));
        }

        long native = NativeMemoryLedger.PeakBytes - before;
        long whole = sizeof(float) * model.Parameters.Count;
        Assert.True(native < whole / 4, $"{native} bytes were held beside a model of {whole} bytes in float32");
        Assert.True(GC.GetTotalAllocatedBytes() - managed < whole / 4, "arrays as large as the model were made");
    }

    [Fact]
    public void A_file_that_is_cut_while_the_model_is_used_is_one_clear_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "mapped files cannot change here");
        using TemporaryFolder folder = new();
        Write(folder.Root, "gpt2", SafeTensorsDataType.BFloat16, 12, 4000);
        using TransformerModel model = ModelCheckpoint.Load(folder.Root);
        TokenBatch batch = new([[1, 2, 3]]);
        using TensorScope scope = new();
        model.Forward(batch);
        using (FileStream stream = new(folder.PathOf("model.safetensors"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length / 2);
        }

        InputException exception = Assert.Throws<InputException>(() => model.Forward(batch));
        Assert.Contains("model.safetensors: has ", exception.Message, StringComparison.Ordinal);
    }

    private static (float[] Logits, float[] Gradient) Run(TransformerModel model, TokenBatch batch)
    {
        using TensorScope scope = new();
        Tensor? embedded = null;
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.Embedding), (_, value) =>
        {
            embedded = value.Clone();
            embedded.RequiresGradient = true;
            return embedded;
        });
        Tensor logits = model.Forward(batch, hooks);
        logits.LogSoftmax().Multiply(logits.Detach()).Sum().Backward();
        return (logits.ToArray(), embedded!.Gradient!.ToArray());
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - (1e-5f * scale), pair.First + (1e-5f * scale)));
    }

    /// <summary>A random checkpoint, its tensors in a type and under the names and in the layouts of a family.</summary>
    private static void Write(string folder, string family, SafeTensorsDataType type, int width, int vocabulary)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), family == "gpt2"
            ? $$"""{"model_type": "gpt2", "n_embd": {{width}}, "n_head": 2, "n_layer": 2, "n_positions": 16, "vocab_size": {{vocabulary}}}"""
            : $$"""{"model_type": "llama", "hidden_size": {{width}}, "intermediate_size": {{2 * width}}, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6, "num_hidden_layers": 2, "vocab_size": {{vocabulary}}}""");
        ModelConfiguration configuration = ModelConfiguration.Load(folder);
        IModelFamily adapter = ModelFamilies.Find(configuration);
        ModelDescription description = adapter.Describe(configuration);
        SortedDictionary<string, long[]> shapes = new(StringComparer.Ordinal);
        foreach (ParameterShape parameter in description.Parameters())
        {
            ParameterLocation location = adapter.Locate(description, parameter);
            shapes[location.TensorName] = [.. location.StoredShape.Select(size => (long)size)];
        }

        RandomSource random = new(9);
        using SafeTensorsWriter writer = new(Path.Combine(folder, "model.safetensors"), shapes.Select(pair => new SafeTensorsDeclaration(pair.Key, type, pair.Value)));
        foreach ((string name, long[] shape) in shapes)
        {
            double[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => 0.3 * random.NextNormal())];
            byte[] bytes = type switch
            {
                SafeTensorsDataType.Float64 => MemoryMarshal.AsBytes<double>(values).ToArray(),
                SafeTensorsDataType.Float32 => MemoryMarshal.AsBytes<float>(Array.ConvertAll(values, value => (float)value)).ToArray(),
                SafeTensorsDataType.Float16 => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, value => (Half)value)).ToArray(),
                _ => MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, value => (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16))).ToArray(),
            };
            writer.WriteBytes(name, bytes);
        }

        writer.Complete();
    }
}
