using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class CircuitPhenomenaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly string _text;
    private readonly string[] _saes;

    public CircuitPhenomenaTests()
    {
        _model = _folder.PathOf("model");
        EmbeddedModel.Extract(_model);
        EmbeddedAutoencoders.Extract(_folder.PathOf("saes"));
        _saes = [_folder.PathOf("saes/resid_post.0"), _folder.PathOf("saes/resid_post.1")];
        _text = _folder.PathOf("texts.txt");
        File.WriteAllLines(_text, EmbeddedGrammar.Load().GenerateExamples(5, 40, ExampleSplit.HeldOut).Select(example => example.Sentence));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pairs_that_may_be_spurious_are_put_to_the_test_and_the_effects_are_kept_and_shown()
    {
        Circuit circuit = Write("a.circuit");
        (int exitCode, string output, string error) = CommandLine.Run(["circuit", "phenomena", _folder.PathOf("a.circuit"), "--sae", .. _saes, "--json"]);
        Assert.Equal((0, string.Empty), (exitCode, error));
        JsonElement untested = JsonDocument.Parse(output).RootElement;
        int candidates = untested.GetProperty("spurious").GetArrayLength();
        Assert.True(candidates > 3);
        Assert.All(untested.GetProperty("spurious").EnumerateArray(), pair => Assert.False(pair.TryGetProperty("effect", out _)));

        (exitCode, output, error) = CommandLine.Run(["circuit", "phenomena", _folder.PathOf("a.circuit"), "--sae", .. _saes, "--model", _model, "--text", _text, "--out", _folder.PathOf("b.circuit"), "--json", "--quiet"]);
        Assert.True(exitCode == 0, error);
        JsonElement tested = JsonDocument.Parse(output).RootElement;
        int spurious = tested.GetProperty("spurious").GetArrayLength(), effective = tested.GetProperty("effective").GetArrayLength();
        Assert.Equal(candidates, spurious + effective);
        Assert.True(effective > 0);

        // The file has what the library measures, of the candidates alone.
        Circuit measured = CircuitFile.Read(_folder.PathOf("b.circuit"));
        using TransformerModel model = ModelCheckpoint.Load(_model);
        IReadOnlyList<SiteAutoencoder> autoencoders = SiteAutoencoder.Load(_saes);
        IReadOnlyDictionary<(string Source, string Target), AblationEffect> expected = AblationEffects.Measure(
            new AutoencoderSites(model, autoencoders),
            AblationTexts.Read(TextSource.Open(_text, new TextOptions()), Tokenizer.Load(_model), model.Description, 256),
            [.. measured.Edges.Where(edge => edge.Effect is not null)],
            Pooling.Mean,
            cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(expected.Count, 4, candidates);
        Assert.All(measured.Edges.Where(edge => edge.Effect is not null), edge => Assert.Equal(expected[(edge.Source, edge.Target)], edge.Effect));
        Assert.Equal(circuit.Edges, measured.Edges.Select(edge => edge with { Effect = null }));
        foreach (SiteAutoencoder entry in autoencoders)
        {
            entry.Autoencoder.Dispose();
        }

        Assert.Contains("effect of ablation", CommandLine.Run("circuit", "show", _folder.PathOf("b.circuit")).Output, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run(["circuit", "report", _folder.PathOf("b.circuit"), "--sae", .. _saes, "--out", _folder.PathOf("b.html")]).ExitCode);
        Assert.Contains("of which ablation of the source shows an effect", File.ReadAllText(_folder.PathOf("b.html")), StringComparison.Ordinal);
        string text = CommandLine.Run(["circuit", "phenomena", _folder.PathOf("b.circuit"), "--sae", .. _saes]).Output;
        Assert.Contains($"{spurious} are pairs that look spurious", text, StringComparison.Ordinal);
        Assert.Contains($"{effective} are such pairs of which ablation shows an effect", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--text: needs --model", "--text", "texts.txt")]
    [InlineData("--model: needs --text", "--model", "model")]
    [InlineData("--out: needs --model and --text", "--out", "c.circuit")]
    public void Half_of_what_is_needed_is_refused_in_one_line(string problem, string option, string file)
    {
        Write("a.circuit");
        (int exitCode, _, string error) = CommandLine.Run(["circuit", "phenomena", _folder.PathOf("a.circuit"), "--sae", .. _saes, option, _folder.PathOf(file)]);
        Assert.Equal(2, exitCode);
        string expected = option == "--text" ? "--model" : option == "--model" ? "--text" : problem;
        Assert.Contains(problem.Split(':')[0], error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(_folder.PathOf("c.circuit")));
    }

    // The features of two sites that are active on most texts, each of the first beside each of the second.
    private Circuit Write(string file)
    {
        Assert.Equal(0, CommandLine.Run(["collect", "--model", _model, "--text", _text, "--sae", .. _saes, "--pool", "mean", "--out", _folder.PathOf("store"), "--quiet"]).ExitCode);
        using ActivationStoreReader store = ActivationStoreReader.Open(_folder.PathOf("store"));
        string[][] features = [.. store.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Sparse).Select(site =>
        {
            long count = store.CountValues(site.Name, 0, (int)store.RowCount);
            int[] indices = new int[count];
            store.ReadSparseRows(site.Name, 0, (int)store.RowCount, new long[store.RowCount + 1], indices, new float[count]);
            return indices.CountBy(index => index).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Take(5).Select(pair => $"{site.Name}/{pair.Key}").ToArray();
        })];
        Circuit circuit = new(
            [.. features.SelectMany((names, place) => names.Select(name => new CircuitNode(name, CircuitNodeKind.Feature, place))), new CircuitNode("y", CircuitNodeKind.Target, 2)],
            [.. features[0].SelectMany(source => features[1].Select(target => new CircuitEdge(source, target, 1))), .. features[1].Select(source => new CircuitEdge(source, "y", 1))])
        {
            Provenance = new Dictionary<string, string> { ["pooling"] = "mean" },
        };
        CircuitFile.Write(circuit, _folder.PathOf(file));
        return circuit;
    }
}
