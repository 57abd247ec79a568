using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class FamilyTests
{
    [Theory]
    [MemberData(nameof(FamilyFixtures.Names), MemberType = typeof(FamilyFixtures))]
    public void Every_tensor_and_gradient_is_that_of_an_independent_implementation(string name)
    {
        using TransformerModel model = ModelCheckpoint.Load(FamilyFixtures.Folder(name));
        (IReadOnlyList<TensorDifference> differences, IReadOnlyList<string> ignored) = ReferenceCheck.Run(model, FamilyFixtures.Reference(name));
        Assert.Empty(ignored);
        Assert.True(differences.Count >= (model.Description.Layers * (model.Description.ParallelSublayers ? 4 : 5)) + 4, $"only {differences.Count} tensors were compared");
        Assert.All(differences, difference => Assert.True(difference.MaxAbsDiff <= 1e-5 * (1 + difference.LargestReference), $"{difference.Name}: {difference.MaxAbsDiff}"));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("gpt_neox")]
    [InlineData("gpt_neox_seq")]
    [InlineData("llama")]
    [InlineData("llama31")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    public void The_independent_implementation_agrees_with_references_made_elsewhere(string name)
    {
        string model = SharedData.Require("families", name);
        string reference = SharedData.Require("families", "reference", name + ".npz");
        string largest = Python.Run("numpy", File.ReadAllText(FamilyFixtures.Script), "compare", model, reference);
        Assert.InRange(double.Parse(largest, CultureInfo.InvariantCulture), 0, 2e-6);
    }

    [Theory]
    [MemberData(nameof(FamilyFixtures.Names), MemberType = typeof(FamilyFixtures))]
    public void A_model_written_like_another_has_its_tensors_back(string name)
    {
        using TemporaryFolder folder = new();
        using TransformerModel model = ModelCheckpoint.Load(FamilyFixtures.Folder(name));
        ModelCheckpoint.SaveLike(model, FamilyFixtures.Folder(name), folder.PathOf("copy"));
        using SafeTensorsCheckpoint original = new(FamilyFixtures.Folder(name));
        using SafeTensorsCheckpoint copy = new(folder.PathOf("copy"));
        Assert.Equal(original.Tensors.Keys.Order(StringComparer.Ordinal), copy.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach ((string tensor, SafeTensorsEntry entry) in original.Tensors)
        {
            Assert.Equal(entry.Shape, copy.Tensors[tensor].Shape);
            float[] expected = new float[entry.Shape.Aggregate(1L, (product, size) => product * size)];
            float[] actual = new float[expected.Length];
            original.ReadSingle(tensor, expected);
            copy.ReadSingle(tensor, actual);
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(FamilyFixtures.Names), MemberType = typeof(FamilyFixtures))]
    public void Random_parameters_start_every_norm_at_a_gain_of_one(string name)
    {
        using TransformerModel model = ModelCheckpoint.Load(FamilyFixtures.Folder(name));
        using ModelParameters random = ParameterInitializer.Random(model.Description, 3);
        foreach (ParameterKey key in random.Keys.Where(key => key.Role.ToString().EndsWith("NormGain", StringComparison.Ordinal)))
        {
            float offset = key.Role is ParameterRole.QueryNormGain or ParameterRole.KeyNormGain ? 0 : model.Description.Normalization.GainOffset;
            Assert.All(random[key].ToArray(), value => Assert.Equal(1, value + offset));
        }
    }
}
