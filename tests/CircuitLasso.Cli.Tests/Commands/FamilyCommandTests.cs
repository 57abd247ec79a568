using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary>The commands on a model of every family.</summary>
public sealed class FamilyCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(FamilyFixtures.LanguageModels), MemberType = typeof(FamilyFixtures))]
    public void A_model_is_told_of_checked_copied_at_random_collected_from_learnt_from_and_its_circuits_are_evaluated_and_named(string name)
    {
        string model = _folder.PathOf("model");
        FamilyFixtures.CopyWithTokenizer(name, model);
        JsonElement info = JsonDocument.Parse(Run("model", "info", model, "--json")).RootElement;
        Assert.Equal(name.Replace("_sequential", string.Empty, StringComparison.Ordinal), info.GetProperty("family").GetString());
        Assert.Equal(name == "gpt_neox" ? "parallel" : "sequential", info.GetProperty("sublayers").GetString());
        Assert.Contains("passed", Run("model", "check", model, "--reference", FamilyFixtures.Reference(name), "--tolerance", "5e-4"), StringComparison.Ordinal);
        Run("model", "random", "--like", model, "--seed", "3", "--out", _folder.PathOf("random"));
        Assert.Equal(
            info.GetProperty("parameters").GetInt64(),
            JsonDocument.Parse(Run("model", "info", _folder.PathOf("random"), "--json")).RootElement.GetProperty("parameters").GetInt64());

        File.WriteAllLines(_folder.PathOf("texts.txt"), FamilyFixtures.Texts(60, 1));
        Run("collect", "--model", model, "--text", _folder.PathOf("texts.txt"), "--pool", "mean", "--out", _folder.PathOf("store"));
        Run("learn", "--store", _folder.PathOf("store"), "--target", "logprob", "--out", _folder.PathOf("learnt.circuit"));
        Assert.Equal(info.GetProperty("sublayers").GetString() == "parallel", CircuitFile.Read(_folder.PathOf("learnt.circuit")).Components!.ParallelBlocks);

        WritePairs();
        foreach (string method in (string[])["lasso", "eap-ig"])
        {
            Run("discover", "--model", model, "--task", _folder.PathOf("pairs.jsonl"), "--method", method, "--top", "12", "--out", _folder.PathOf(method + ".circuit"));
            Run("evaluate", "--circuit", _folder.PathOf(method + ".circuit"), "--model", model, "--task", _folder.PathOf("pairs.jsonl"));
        }
    }

    [Fact]
    public void Features_of_the_family_with_norms_after_sublayers_are_trained_learnt_named_and_evaluated()
    {
        string model = _folder.PathOf("model");
        FamilyFixtures.CopyWithTokenizer("gemma2", model);
        File.WriteAllLines(_folder.PathOf("texts.txt"), FamilyFixtures.Texts(120, 2));
        Run("collect", "--model", model, "--text", _folder.PathOf("texts.txt"), "--sites", "mlp_out.0,resid_post.1", "--pool", "none", "--out", _folder.PathOf("tokens"));
        string[] saes = [.. ((string[])["mlp_out.0", "resid_post.1"]).Select(site =>
        {
            Run("sae", "train", "--store", _folder.PathOf("tokens"), "--site", site, "--features", "24", "--k", "4", "--steps", "300", "--out", _folder.PathOf(site));
            return _folder.PathOf(site);
        })];
        Run(["collect", "--model", model, "--text", _folder.PathOf("texts.txt"), "--sae", .. saes, "--pool", "last", "--out", _folder.PathOf("features")]);
        Run("learn", "--store", _folder.PathOf("features"), "--target", "logit:cat", "--model", model, "--out", _folder.PathOf("features.circuit"));
        Run(["circuit", "name", _folder.PathOf("features.circuit"), "--store", _folder.PathOf("features"), "--model", model, "--sae", .. saes, "--text", _folder.PathOf("texts.txt"),
            "--out", _folder.PathOf("named.circuit")]);
        Assert.Contains(CircuitFile.Read(_folder.PathOf("named.circuit")).Profiles, profile => profile.Promoted.Count > 0);
        WritePairs();
        Run(["evaluate", "--circuit", _folder.PathOf("features.circuit"), "--model", model, "--task", _folder.PathOf("pairs.jsonl"), "--sae", .. saes]);
        Run(["discover", "--model", model, "--task", _folder.PathOf("pairs.jsonl"), "--method", "sfc", "--out", _folder.PathOf("sfc.circuit"), "--sae", .. saes]);
        Assert.NotEmpty(CircuitFile.Read(_folder.PathOf("sfc.circuit")).Edges);
    }

    private void WritePairs()
    {
        string[] words = FamilyFixtures.Words;
        File.WriteAllLines(
            _folder.PathOf("pairs.jsonl"),
            Enumerable.Range(0, 8).Select(i =>
                $$"""{"clean_prefix": "the {{words[2 + (i % 4)]}} near", "patch_prefix": "the {{words[6 + (i % 4)]}} near", "clean_answer": "{{words[1 + i]}}", "patch_answer": "{{words[2 + i]}}"}"""));
    }

    private static string Run(params string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments);
        Assert.True(exitCode == 0, string.Join(' ', arguments) + ": " + exitCode + " " + error);
        return output;
    }
}
