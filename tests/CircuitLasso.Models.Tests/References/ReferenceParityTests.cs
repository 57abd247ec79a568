using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Parity with float64 passes that the project did not compute (shared/data/reference and shared/data/families/reference).</summary>
public sealed class ReferenceParityTests
{
    [Theory]
    [InlineData("stories260k", "reference/stories260k.npz", 66)]
    [InlineData("tinystories-656k", "reference/tinystories-656k.npz", 30)]
    [InlineData("gpt2-nano-sort", "reference/gpt2-nano-sort.npz", 11)]
    [InlineData("families/gpt2", "families/reference/gpt2.npz", 32)]
    [InlineData("families/gpt2_hub", "families/reference/gpt2.npz", 32)]
    [InlineData("families/llama", "families/reference/llama.npz", 32)]
    [InlineData("families/llama31", "families/reference/llama31.npz", 20)]
    [InlineData("families/gpt_neox", "families/reference/gpt_neox.npz", 22)]
    [InlineData("families/gpt_neox_seq", "families/reference/gpt_neox_seq.npz", 32)]
    [InlineData("families/qwen2", "families/reference/qwen2.npz", 32)]
    [InlineData("families/qwen3", "families/reference/qwen3.npz", 32)]
    [InlineData("families/gemma2", "families/reference/gemma2.npz", 32)]
    public void Every_reference_tensor_and_gradient_is_reproduced_to_1e_4(string model, string reference, int atLeast)
    {
        string folder = SharedData.Require(model.Split('/'));
        using TransformerModel transformer = ModelCheckpoint.Load(folder);
        (IReadOnlyList<TensorDifference> differences, _) = ReferenceCheck.Run(transformer, SharedData.Require(reference.Split('/')));
        Assert.True(differences.Count >= atLeast, $"only {differences.Count} tensors were compared");
        Assert.All(differences, difference => Assert.True(difference.MaxAbsDiff <= 1e-4, $"{difference.Name}: {difference.MaxAbsDiff}"));
    }

    [Theory]
    [MemberData(nameof(FamilyFixtures.MadeElsewhere), MemberType = typeof(FamilyFixtures))]
    public void A_config_in_the_spelling_of_transformers_5_gives_the_same_tensors(string name)
    {
        using TemporaryFolder folder = new();
        foreach (string file in Directory.GetFiles(SharedData.Require("families", name), "model*"))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        File.Copy(SharedData.Require("families", "config_v5", name + ".json"), folder.PathOf("config.json"));
        using TransformerModel transformer = ModelCheckpoint.Load(folder.Root);
        (IReadOnlyList<TensorDifference> differences, _) = ReferenceCheck.Run(transformer, SharedData.Require("families", "reference", name + ".npz"));
        Assert.All(differences, difference => Assert.True(difference.MaxAbsDiff <= 1e-4, $"{difference.Name}: {difference.MaxAbsDiff}"));
    }

    [Fact]
    public void A_changed_weight_is_noticed()
    {
        using TransformerModel transformer = ModelCheckpoint.Load(SharedData.Require("families", "llama"), WeightPlace.Memory);
        Tensor weight = transformer.Parameters[new ParameterKey(ParameterRole.ValueWeight, 1)];
        float[] values = weight.ToArray();
        values[0] += 0.5f;
        weight.CopyFrom(values);
        (IReadOnlyList<TensorDifference> differences, _) = ReferenceCheck.Run(transformer, SharedData.Require("families", "reference", "llama.npz"));
        Assert.Contains(differences, difference => difference.MaxAbsDiff > 1e-4);
    }

    [Fact]
    public void Gpt2_nano_sort_sorts_all_729_inputs()
    {
        using TransformerModel model = ModelCheckpoint.Load(SharedData.Require("gpt2-nano-sort"));
        using IDisposable mode = GradientMode.Disable();
        int[][] inputs = [.. Enumerable.Range(0, 729).Select(code => Enumerable.Range(0, 6).Select(digit => code / (int)Math.Pow(3, digit) % 3).ToArray())];
        int[][] sequences = [.. inputs];
        for (int step = 0; step < 6; step++)
        {
            using TensorScope scope = new();
            float[] logits = model.Forward(new TokenBatch(sequences), logitPositions: LogitPositions.Last).ToArray();
            sequences = [.. sequences.Select((sequence, row) => (int[])[.. sequence, Enumerable.Range(0, 3).MaxBy(id => logits[(row * 3) + id])])];
        }

        Assert.All(sequences, (sequence, row) => Assert.Equal(inputs[row].Order(), sequence.Skip(6)));
    }
}
