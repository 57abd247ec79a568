using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>Activations collected, an autoencoder trained on them, and its features collected: the way of docs/sae-training.md on the embedded model.</summary>
public sealed class SaeTrainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_autoencoder_is_trained_on_a_store_and_its_features_are_collected()
    {
        string store = CollectTokens(300);
        string[] train = ["sae", "train", "--store", store, "--site", "resid_post.1", "--features", "96", "--k", "6", "--steps", "300", "--batch", "256", "--out", _folder.PathOf("sae")];
        (int exitCode, string output, string error) = CommandLine.Run([.. train, "--json"]);
        Assert.Equal(0, exitCode);
        Assert.Contains("resid_post.1: ", error, StringComparison.Ordinal);
        using (JsonDocument json = JsonDocument.Parse(output))
        {
            Assert.InRange(json.RootElement.GetProperty("explained_variance").GetDouble(), 0.6, 1);
            Assert.InRange(json.RootElement.GetProperty("active_features").GetDouble(), 1, 6);
        }

        Assert.Equal(["cfg.json", "sae_weights.safetensors", "training.json"], Directory.GetFiles(_folder.PathOf("sae")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        (exitCode, output, _) = CommandLine.Run("sae", "info", _folder.PathOf("sae"), "--json");
        Assert.Equal(0, exitCode);
        using (JsonDocument json = JsonDocument.Parse(output))
        {
            Assert.Equal(("saelens", "resid_post.1", 96), (json.RootElement.GetProperty("format").GetString(), json.RootElement.GetProperty("input_site").GetString(), json.RootElement.GetProperty("features").GetInt32()));
        }

        Assert.Equal(0, CommandLine.Run("collect", "--model", _folder.PathOf("model"), "--text", _folder.PathOf("text.txt"), "--sae", _folder.PathOf("sae"), "--pool", "mean", "--out", _folder.PathOf("features")).ExitCode);
        using ActivationStoreReader features = ActivationStoreReader.Open(_folder.PathOf("features"));
        Assert.Equal(["resid_post.1", "resid_post.1.error", "final_residual"], features.Manifest.Sites.Select(site => site.Name));
        Assert.Equal((300, 96), (features.RowCount, features.Site("resid_post.1").Width));

        (exitCode, _, error) = CommandLine.Run(train);
        Assert.Equal(2, exitCode);
        Assert.Contains("already holds a finished training", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_ends_in_one_line_and_leaves_nothing()
    {
        string store = CollectTokens(20);
        string target = _folder.PathOf("none");
        AssertRefused("no site", "--store", store, "--site", "resid_post.7", "--features", "96", "--k", "6");
        AssertRefused("--k", "--store", store, "--site", "resid_post.1", "--features", "96", "--k", "97");
        AssertRefused("--seed", "--store", store, "--site", "resid_post.1", "--features", "96", "--k", "6", "--seed", "-1");
        AssertRefused("nowhere", "--store", _folder.PathOf("nowhere"), "--site", "resid_post.1", "--features", "96", "--k", "6");
        Assert.False(Directory.Exists(target));
        (int exitCode, _, string error) = CommandLine.Run("collect", "--model", _folder.PathOf("model"), "--text", _folder.PathOf("text.txt"), "--sae", _folder.PathOf("nowhere"), "--out", target);
        Assert.Equal(2, exitCode);
        Assert.Single(error.Trim().Split('\n'));
        Assert.False(Directory.Exists(target));

        void AssertRefused(string named, params string[] arguments)
        {
            (int code, string output, string message) = CommandLine.Run(["sae", "train", "--out", target, .. arguments]);
            Assert.Equal((2, string.Empty), (code, output));
            Assert.Contains(named, message, StringComparison.Ordinal);
        }
    }

    private string CollectTokens(int texts)
    {
        EmbeddedModel.Extract(_folder.PathOf("model"));
        File.WriteAllLines(_folder.PathOf("text.txt"), EmbeddedGrammar.Load().GenerateTrainingText(5).Take(texts));
        string store = _folder.PathOf("tokens");
        Assert.Equal(0, CommandLine.Run("collect", "--model", _folder.PathOf("model"), "--text", _folder.PathOf("text.txt"), "--sites", "resid_post.1", "--pool", "none", "--out", store).ExitCode);
        return store;
    }
}
