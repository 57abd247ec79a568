using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class SafeTensorsCheckpointTests
{
    [Fact]
    public void Two_shards_are_read_as_one_checkpoint()
    {
        string path = SharedData.Require("families", "llama31");
        using SafeTensorsCheckpoint checkpoint = new(path);
        Assert.Equal(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], checkpoint.Files.Select(file => Path.GetFileName(file.Path)));
        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "model.safetensors.index.json")));
        long total = 0;
        foreach (JsonProperty tensor in index.RootElement.GetProperty("weight_map").EnumerateObject())
        {
            SafeTensorsEntry entry = checkpoint.Tensors[tensor.Name];
            Assert.Equal(tensor.Value.GetString(), Path.GetFileName(checkpoint.FileOf(tensor.Name).Path));
            float[] values = new float[entry.ElementCount];
            checkpoint.ReadSingle(tensor.Name, values);
            Assert.Contains(values, value => value != 0);
            Assert.All(values, value => Assert.True(float.IsFinite(value)));
            total += entry.Length;
        }

        Assert.Equal(index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(), total);
        Assert.Equal(index.RootElement.GetProperty("weight_map").EnumerateObject().Count(), checkpoint.Tensors.Count);
    }

    [Fact]
    public void A_folder_and_its_single_file_are_the_same_checkpoint()
    {
        string path = SharedData.Require("stories260k");
        using SafeTensorsCheckpoint folder = new(path);
        using SafeTensorsCheckpoint file = new(Path.Combine(path, "model.safetensors"));
        Assert.Equal(47, folder.Tensors.Count);
        Assert.Equal(folder.Tensors.Keys, file.Tensors.Keys);
        float[] values = new float[512 * 64];
        folder.ReadSingle("model.embed_tokens.weight", values);
        float[] rows = new float[10 * 64];
        file.ReadSingle("model.embed_tokens.weight", 500, 10, rows);
        Assert.Equal(values[(500 * 64)..(510 * 64)], rows);
    }

    [Fact]
    public void Rows_and_tensors_come_from_their_shards()
    {
        using TemporaryFolder folder = new();
        Shard(folder, "2.safetensors", ("b", 2));
        Shard(folder, "1.safetensors", ("a", 1), ("unlisted", 9));
        Index(folder, """{"metadata":{"deep":[{"x":1}]},"weight_map":{"b":"2.safetensors","a":"1.safetensors"}}""");
        using SafeTensorsCheckpoint checkpoint = new(folder.Root);
        Assert.Equal(["a", "b"], checkpoint.Tensors.Keys.Order(StringComparer.Ordinal));
        float[] value = new float[1];
        checkpoint.ReadSingle("b", value);
        Assert.Equal(2, value[0]);
        InputException missing = Assert.Throws<InputException>(() => checkpoint.FileOf("c"));
        Assert.Equal(folder.Root, missing.Subject);
        Assert.Contains("'c'", missing.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_single_file_counts_before_the_index()
    {
        using TemporaryFolder folder = new();
        Shard(folder, "model.safetensors", ("a", 1));
        Index(folder, "{}");
        using SafeTensorsCheckpoint checkpoint = new(folder.Root);
        Assert.Single(checkpoint.Files);
    }

    [Fact]
    public void A_folder_without_a_checkpoint_and_a_missing_path_are_bad_input()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("neither", Assert.Throws<InputException>(() => new SafeTensorsCheckpoint(folder.Root)).Problem, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => new SafeTensorsCheckpoint(folder.PathOf("no"))).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "not a JSON object")]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{} x", "not valid JSON")]
    [InlineData("{\"weight_map\":{\"\\ud800\":\"1.safetensors\"}}", "not valid JSON")]
    [InlineData("{}", "no weight_map")]
    [InlineData("{\"weight_map\":{}}", "no weight_map")]
    [InlineData("{\"weight_map\":[]}", "not an object")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":null}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"..\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"../1.safetensors\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"/etc/1.safetensors\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"..\\\\1.safetensors\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"C:1.safetensors\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"1\\u0000.safetensors\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"config.json\"}}", "plain file name")]
    [InlineData("{\"weight_map\":{\"a\":\"3.safetensors\"}}", "not in the folder")]
    [InlineData("{\"weight_map\":{\"c\":\"1.safetensors\"}}", "'c' is in '1.safetensors', but it is not")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"a\":\"1.safetensors\"}}", "lists tensor 'a' twice")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\"},\"weight_map\":{}}", "two weight_map")]
    [InlineData("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}", "holds tensor 'a', which the index places in '1.safetensors'")]
    public void A_wrong_index_is_refused_with_the_reason(string index, string reason)
    {
        using TemporaryFolder folder = new();
        Shard(folder, "1.safetensors", ("a", 1));
        Shard(folder, "2.safetensors", ("b", 2), ("a", 3));
        Index(folder, index);
        InputException exception = Assert.Throws<InputException>(() => new SafeTensorsCheckpoint(folder.Root));
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
        Assert.StartsWith(folder.Root, exception.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mutated_index_is_refused_or_read()
    {
        using TemporaryFolder folder = new();
        Shard(folder, "1.safetensors", ("a", 1));
        Shard(folder, "2.safetensors", ("b", 2));
        byte[] valid = """{"metadata":{"total_size":8},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"""u8.ToArray();
        Random random = new(7);
        int refused = 0;
        const int count = 2000;
        for (int i = 0; i < count; i++)
        {
            Mutation.Overwrite(folder.PathOf("model.safetensors.index.json"), Mutation.Apply(valid, random));
            try
            {
                using SafeTensorsCheckpoint checkpoint = new(folder.Root);
                Assert.NotEmpty(checkpoint.Tensors);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    private static void Index(TemporaryFolder folder, string json) => File.WriteAllText(folder.PathOf("model.safetensors.index.json"), json);

    private static void Shard(TemporaryFolder folder, string name, params (string Name, float Value)[] tensors)
    {
        using SafeTensorsWriter writer = new(folder.PathOf(name), tensors.Select(tensor => new SafeTensorsDeclaration(tensor.Name, SafeTensorsDataType.Float32)));
        foreach ((string tensor, float value) in tensors)
        {
            writer.Write(tensor, [value]);
        }

        writer.Complete();
    }
}
