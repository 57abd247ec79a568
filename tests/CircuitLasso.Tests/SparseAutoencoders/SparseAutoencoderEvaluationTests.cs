using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class SparseAutoencoderEvaluationTests : IDisposable
{
    private static readonly string[] _texts = ["the boy sings .", "the kings", "the women smile .", "the girl", "the boys sing .", "the king smiles ."];

    private readonly TemporaryFolder _folder = new();
    private readonly TransformerModel _model;
    private readonly Tokenizer _tokenizer;

    public SparseAutoencoderEvaluationTests()
    {
        EmbeddedModel.Extract(_folder.Root);
        _model = ModelCheckpoint.Load(_folder.Root);
        _tokenizer = Tokenizer.Load(_folder.Root);
        File.WriteAllLines(_folder.PathOf("text.txt"), _texts);
    }

    private TextSource Text => TextSource.Open(_folder.PathOf("text.txt"), new TextOptions());

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Features_that_are_the_coordinates_and_their_negatives_explain_everything()
    {
        Site site = new(SiteKind.ResidualAfter, 2);
        using SparseAutoencoder autoencoder = Coordinates(site, site, scale: 1);
        SparseAutoencoderStatistics statistics = SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, autoencoder);
        Assert.Equal(1, statistics.ExplainedVariance, 1e-6);
        Assert.Equal(_model.Description.Width, statistics.L0, 1e-9);
        Assert.Equal(_texts.Sum(text => _tokenizer.Encode(text).Length), statistics.Tokens);
        Assert.Equal((6, 0), (statistics.Texts, statistics.CutTexts));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(1, 3)]
    public void Figures_are_those_of_tokens_taken_one_at_a_time(int skipped, int? maximum)
    {
        Site site = new(SiteKind.MlpOutput, 1);
        using SparseAutoencoder autoencoder = Coordinates(site, site, scale: .8f, bias: -.05f);
        List<float[]> rows = [];
        foreach (string text in _texts)
        {
            int[] ids = _tokenizer.Encode(text);
            rows.AddRange(Activations(site, maximum is { } most && ids.Length > most ? ids[..most] : ids).Skip(skipped));
        }

        double[] mean = [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Average(row => (double)row[i]))];
        double errors = 0;
        double deviations = 0;
        long active = 0;
        HashSet<int> seen = [];
        foreach (float[] row in rows)
        {
            using SparseFeatureRows features = new(autoencoder.FeatureCount);
            float[] output = new float[row.Length];
            autoencoder.Encode(row, features);
            autoencoder.Decode(features, row, output);
            active += features.EntryCount;
            seen.UnionWith(features.Indices(0).ToArray());
            errors += row.Zip(output, (x, y) => (double)(x - y) * (x - y)).Sum();
            deviations += row.Select((x, i) => (x - mean[i]) * (x - mean[i])).Sum();
        }

        SparseAutoencoderStatistics statistics = SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, autoencoder, maximum, skipped);
        Assert.Equal(rows.Count, statistics.Tokens);
        Assert.Equal((double)active / rows.Count, statistics.L0, 1e-9);
        Assert.Equal(autoencoder.FeatureCount - seen.Count, statistics.DeadFeatures);
        Assert.InRange(statistics.DeadFeatures, 1, autoencoder.FeatureCount - 1);
        Assert.Equal(1 - (errors / deviations), statistics.ExplainedVariance, 1e-4);
        Assert.InRange(statistics.ExplainedVariance, .2, .99);
    }

    [Fact]
    public void A_transcoder_is_measured_against_what_it_writes()
    {
        Site site = new(SiteKind.ResidualAfter, 0);
        using SparseAutoencoder same = Coordinates(site, new Site(SiteKind.ResidualBefore, 1), scale: 1);
        Assert.Equal(1, SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, same).ExplainedVariance, 1e-6);
        using SparseAutoencoder other = Coordinates(site, new Site(SiteKind.MlpOutput, 3), scale: 1);
        Assert.True(SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, other).ExplainedVariance < .9);
    }

    [Fact]
    public void What_does_not_belong_to_the_model_is_refused()
    {
        using SparseAutoencoder nowhere = Coordinates(null, null, scale: 1);
        Assert.Contains("site", Assert.Throws<InputException>(() => SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, nowhere)).Remedy, StringComparison.Ordinal);
        using SparseAutoencoder narrow = Coordinates(new Site(SiteKind.MlpHidden, 0), new Site(SiteKind.MlpHidden, 0), scale: 1);
        Assert.Contains("width", Assert.Throws<InputException>(() => SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, narrow)).Problem, StringComparison.Ordinal);
        Site beyond = new(SiteKind.ResidualAfter, 99);
        using SparseAutoencoder deep = Coordinates(beyond, beyond, scale: 1);
        Assert.Throws<InputException>(() => SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, deep));
        using SparseAutoencoder fine = Coordinates(new Site(SiteKind.Embedding), new Site(SiteKind.Embedding), scale: 1);
        Assert.Contains("tokens", Assert.Throws<InputException>(() => SparseAutoencoderEvaluation.Measure(_model, _tokenizer, Text, fine, skippedTokens: 1000)).Problem, StringComparison.Ordinal);
    }

    private IEnumerable<float[]> Activations(Site site, int[] ids)
    {
        float[] values = [];
        ForwardHooks hooks = new();
        hooks.Add(site, (_, value) =>
        {
            values = value.ToArray();
            return null;
        });
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        _model.Forward(new TokenBatch([ids]), hooks, LogitPositions.None);
        return values.Chunk(values.Length / ids.Length);
    }

    // Feature i is coordinate i where that is positive, feature d + i its negative where it is not; with a bias the first feature is dead.
    private SparseAutoencoder Coordinates(Site? input, Site? output, float scale, float bias = 0)
    {
        int width = _model.Description.Width;
        NativeBuffer<float> encoder = new(2 * width * width);
        NativeBuffer<float> decoder = new(2 * width * width);
        for (int i = 0; i < width; i++)
        {
            encoder.Span[(i * width) + i] = 1;
            encoder.Span[((width + i) * width) + i] = -1;
            decoder.Span[(i * width) + i] = scale;
            decoder.Span[((width + i) * width) + i] = -scale;
        }

        float[] biases = new float[2 * width];
        Array.Fill(biases, bias);
        biases[0] = bias < 0 ? -1000 : 0;
        return new SparseAutoencoder(
            new() { Kind = SparseAutoencoderKind.Standard, IsTranscoder = input != output },
            new() { Encoder = encoder, Decoder = decoder, EncoderBias = biases, DecoderBias = new float[width] },
            new() { Format = "test", Path = "coordinates", InputSite = input, OutputSite = output });
    }
}
