using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class ColaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_command_learns_names_and_tests_the_circuits_of_the_embedded_model_and_keeps_what_is_done()
    {
        string work = _folder.PathOf("cola");
        string[] command = ["cola", "--sentences", "800", "--pairs", "20", "--lambda-ratio", "0.4", "0.1", "--out", work];
        JsonElement first = Json([.. command, "--json"]);
        Assert.Equal(800, first.GetProperty("sentences").GetInt32());
        Assert.Equal(
            ["collect and encode", "learn label", "curves over lambda", "learn logprob", "learn mean_logprob", "name", "effects", "evaluate", "evaluate label"],
            first.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("stage").GetString()));
        Assert.Equal(EmbeddedAutoencoders.Sites, first.GetProperty("active_features").EnumerateObject().Select(site => site.Name));
        JsonElement logprob = first.GetProperty("circuits")[1];
        Assert.Equal("logprob", logprob.GetProperty("target").GetString());
        Assert.Equal(1, Metric(logprob, "target_predictable"));
        Assert.InRange(Metric(logprob, "target_held_out_r2"), Metric(logprob, "target_shuffled_r2_max"), 1);
        Assert.InRange(logprob.GetProperty("features").GetInt32(), 1, 4 * 256);
        Assert.InRange(Metric(logprob, "task_pairs"), 18, 20);
        Assert.Equal([0.4, 0.1], logprob.GetProperty("curve").EnumerateArray().Select(point => point.GetProperty("lambda_ratio").GetDouble()));
        int[] kept = [.. logprob.GetProperty("curve").EnumerateArray().Select(point => point.GetProperty("features").GetInt32())];
        Assert.True(kept[0] < kept[1], $"{kept[0]} features at the larger lambda, {kept[1]} at the smaller");

        Assert.Equal("mean_logprob", first.GetProperty("circuits")[2].GetProperty("target").GetString());
        Circuit circuit = CircuitFile.Read(Path.Combine(work, "logprob.circuit"));
        Assert.All(
            circuit.NodesInCircuit().Where(name => circuit[name].Kind == CircuitNodeKind.Feature),
            name => Assert.True(circuit[name].Label is not null && circuit.Examples.Any(example => example.Node == name), name));
        string report = File.ReadAllText(Path.Combine(work, "report.html"));
        Assert.Contains("Curves over lambda", report, StringComparison.Ordinal);
        Assert.Contains("faithfulness", report, StringComparison.Ordinal);
        Assert.Contains("Concepts along the circuit", File.ReadAllText(Path.Combine(work, "logprob.html")), StringComparison.Ordinal);
        string[] labels = [.. File.ReadLines(Path.Combine(work, "sentences.tsv")).Select(line => line.Split('\t')[1])];
        Assert.Equal((400, 400), (labels.Count(label => label == "1"), labels.Count(label => label == "0")));

        // The same command keeps all; what was lost is made again, to the same bytes.
        byte[] bytes = File.ReadAllBytes(Path.Combine(work, "logprob.circuit"));
        Assert.All(Json([.. command, "--json"]).GetProperty("stages").EnumerateArray(), stage => Assert.True(stage.GetProperty("kept").GetBoolean(), stage.GetProperty("stage").GetString()));
        File.Delete(Path.Combine(work, "logprob.circuit"));
        (int exitCode, string output, _) = CommandLine.Run(command);
        Assert.Equal(0, exitCode);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(work, "logprob.circuit")));
        Assert.Contains("kept", output, StringComparison.Ordinal);
        Assert.Contains("report: ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--sae: is missing", "--model", "m")]
    [InlineData("--text: is missing", "--model", "m", "--sae", "s")]
    [InlineData("--label-column: is missing", "--model", "m", "--sae", "s", "--text", "t")]
    [InlineData("--model: is missing", "--sae", "s")]
    [InlineData("--model: is missing", "--text", "t")]
    [InlineData("--sentences: is for the embedded model's grammar", "--model", "m", "--sentences", "100")]
    [InlineData("--sentences: is not an even number", "--sentences", "101")]
    [InlineData("--lambda-ratio: is not above 0", "--lambda-ratio", "0")]
    [InlineData("--lambda-ratio: names a share twice", "--lambda-ratio", "0.1", "0.1")]
    public void What_does_not_go_together_is_refused_in_one_line(string message, params string[] options)
    {
        (int exitCode, string output, string error) = CommandLine.Run(["cola", "--out", _folder.PathOf("cola"), .. options]);
        Assert.Equal((2, string.Empty), (exitCode, output));
        Assert.StartsWith("error: " + message, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void A_damaged_log_is_refused_by_name()
    {
        string work = _folder.PathOf("cola");
        Directory.CreateDirectory(work);
        foreach (string content in (string[])["", "[]", "{\"a\":1}", "{\"a\":null}", "{\"a\":{\"Seconds\":1}}"])
        {
            File.WriteAllText(Path.Combine(work, AcceptabilityExperiment.LogFile), content);
            (int exitCode, _, string error) = CommandLine.Run("cola", "--sentences", "20", "--pairs", "2", "--out", work);
            Assert.Equal(2, exitCode);
            Assert.Contains("is not the log of an experiment", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Sentences_of_CoLA_are_explained_by_features_of_a_model_and_autoencoders_from_files()
    {
        string model = SharedData.Require("stories260k");
        string cola = Path.Combine(SharedData.Require("cola"), "in_domain_train.tsv");
        string sentences = _folder.PathOf("cola300.tsv");
        File.WriteAllLines(sentences, File.ReadLines(cola).Take(300));
        List<string> saes = [], others = [];
        Assert.Equal(0, CommandLine.Run(
            "collect", "--model", model, "--text", sentences, "--text-column", "4", "--sites", "resid_post.1,resid_post.3", "--pool", "none", "--out", _folder.PathOf("tokens")).ExitCode);
        foreach (string site in (string[])["resid_post.1", "resid_post.3"])
        {
            foreach (string seed in (string[])["0", "1"])
            {
                string sae = _folder.PathOf($"{site}-{seed}");
                Assert.Equal(0, CommandLine.Run(
                    "sae", "train", "--store", _folder.PathOf("tokens"), "--site", site, "--features", "128", "--k", "8", "--steps", "300", "--batch", "256", "--seed", seed, "--out", sae).ExitCode);
                (seed == "0" ? saes : others).Add(sae);
            }
        }

        JsonElement result = Json([
            "cola", "--model", model, "--sae", .. saes, "--text", sentences, "--text-column", "4", "--label-column", "2", "--task", Path.Combine(SharedData.Require("agreement"), "simple_test.json"), "--pairs", "20",
            "--lambda-ratio", "0.5", "0.2", "--shuffle-target", "--random-model", "--other-sae", .. others, "--out", _folder.PathOf("cola"), "--json"]);
        Assert.Equal(300, result.GetProperty("sentences").GetInt32());
        JsonElement logprob = result.GetProperty("circuits")[1];
        Assert.Equal(1, Metric(logprob, "target_predictable"));
        Assert.InRange(Metric(logprob, "task_pairs"), 1, 19);
        Assert.True(Metric(logprob, "task_behaviour") > 0);
        JsonElement[] controls = [.. logprob.GetProperty("controls").EnumerateArray()];
        Assert.Equal(["target shuffled", "random weights", "other autoencoders"], controls.Select(control => control.GetProperty("control").GetString()));
        Assert.Equal((0, 0), ((int)Metric(controls[0], "target_predictable"), controls[0].GetProperty("surviving_edges").GetInt32()));
        using TransformerModel random = ModelCheckpoint.Load(Path.Combine(_folder.PathOf("cola"), "model-random"));
        Assert.Equal("llama", random.Description.Family);
    }

    [Fact]
    public void Controls_say_what_of_the_circuits_survives()
    {
        string work = _folder.PathOf("cola");
        JsonElement result = Json(["cola", "--sentences", "800", "--pairs", "4", "--lambda-ratio", "0.4", "--shuffle-target", "--random-model", "--out", work, "--json"]);
        JsonElement logprob = result.GetProperty("circuits")[1];
        JsonElement[] controls = [.. logprob.GetProperty("controls").EnumerateArray()];
        Assert.Equal(["target shuffled", "random weights"], controls.Select(control => control.GetProperty("control").GetString()));
        Assert.Equal((0, 0, 0), ((int)Metric(controls[0], "target_predictable"), controls[0].GetProperty("edges").GetInt32(), controls[0].GetProperty("surviving_edges").GetInt32()));
        Assert.InRange(controls[1].GetProperty("surviving_edges").GetInt32(), 0, logprob.GetProperty("edges").GetInt32() - 1);
    }

    [Fact]
    public void A_model_of_random_weights_has_the_shape_and_the_tokenizer_of_another_and_the_same_bytes_for_a_seed()
    {
        EmbeddedModel.Extract(_folder.PathOf("model"));
        foreach ((string name, string seed) in ((string, string)[])[("a", "3"), ("b", "3"), ("c", "4")])
        {
            Assert.Equal(0, CommandLine.Run("model", "random", "--like", _folder.PathOf("model"), "--seed", seed, "--out", _folder.PathOf(name)).ExitCode);
        }

        byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(_folder.PathOf(folder), file));
        foreach (string file in (string[])["config.json", "tokenizer.json"])
        {
            Assert.Equal(Bytes("model", file), Bytes("a", file));
        }

        Assert.Equal(Bytes("a", "model.safetensors"), Bytes("b", "model.safetensors"));
        Assert.NotEqual(Bytes("a", "model.safetensors"), Bytes("c", "model.safetensors"));
        using TransformerModel model = ModelCheckpoint.Load(_folder.PathOf("model"));
        using TransformerModel random = ModelCheckpoint.Load(_folder.PathOf("a"));
        Assert.Equal(model.Parameters.Count, random.Parameters.Count);
        (int exitCode, _, string error) = CommandLine.Run("model", "random", "--like", _folder.PathOf("model"), "--out", _folder.PathOf("model"));
        Assert.Equal(2, exitCode);
        Assert.Contains("is the model that is to be copied", error, StringComparison.Ordinal);
    }

    private static double Metric(JsonElement circuit, string name) => circuit.GetProperty("metrics").GetProperty(name).GetDouble();

    private static JsonElement Json(string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }
}
