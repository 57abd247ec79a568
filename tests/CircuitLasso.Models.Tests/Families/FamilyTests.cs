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
    [MemberData(nameof(FamilyFixtures.MadeElsewhere), MemberType = typeof(FamilyFixtures))]
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
    public void Damaged_configs_and_weights_are_refused_or_run(string name)
    {
        using TemporaryFolder folder = new();
        byte[] configuration = File.ReadAllBytes(Path.Combine(FamilyFixtures.Folder(name), "config.json"));
        byte[] tensors = File.ReadAllBytes(Path.Combine(FamilyFixtures.Folder(name), "model.safetensors"));
        Random random = new(5);
        int refused = 0;
        for (int round = 0; round < 120; round++)
        {
            byte[] damaged = round % 2 == 0 ? [.. configuration] : [.. tensors];
            int range = round % 2 == 0 ? damaged.Length : 2000;
            for (int flip = 0; flip <= round % 3; flip++)
            {
                damaged[random.Next(range)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(folder.PathOf("config.json"), round % 2 == 0 ? damaged : configuration);
            File.WriteAllBytes(folder.PathOf("model.safetensors"), round % 2 == 0 ? tensors : damaged[..(round % 5 == 0 ? random.Next(damaged.Length) : damaged.Length)]);
            try
            {
                using TransformerModel model = ModelCheckpoint.Load(folder.Root);
                Assert.InRange(model.Description.Layers, 1, 3);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 60, 120);
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
