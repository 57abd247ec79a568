using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>Features that are collected equal those of activations collected without autoencoders, encoded token by token and pooled with plain loops.</summary>
[Collection(ThreadCount.Collection)]
public sealed class CollectedFeaturesTests : IDisposable
{
    private const int Features = 30;
    private const int Width = 12;
    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData(Pooling.Last, SparseAutoencoderKind.TopK)]
    [InlineData(Pooling.Mean, SparseAutoencoderKind.TopK)]
    [InlineData(Pooling.Sum, SparseAutoencoderKind.Standard)]
    [InlineData(Pooling.Max, SparseAutoencoderKind.TopK)]
    [InlineData(Pooling.Max, SparseAutoencoderKind.Standard)]
    [InlineData(Pooling.None, SparseAutoencoderKind.TopK)]
    public void Features_and_errors_are_those_of_every_token_pooled_afterwards(Pooling pooling, SparseAutoencoderKind kind)
    {
        string[] texts = TinyLanguageModel.Texts(120);
        using SparseAutoencoder first = Autoencoder(1, kind), second = Autoencoder(2, kind);
        using ActivationStoreReader tokens = Collect("tokens", texts, _tiny.Options("resid_post.0,mlp_out.1", Pooling.None));
        CollectionOptions options = _tiny.Options("embed", pooling) with
        {
            Autoencoders = [new SiteAutoencoder(first, Site.Parse("resid_post.0")), new SiteAutoencoder(second, Site.Parse("mlp_out.1"))],
        };
        using ActivationStoreReader store = ThreadCount.With(2, () => Collect("features", texts, options));
        Assert.Equal(["embed", "resid_post.0", "resid_post.0.error", "mlp_out.1", "mlp_out.1.error", "final_residual"], store.Manifest.Sites.Select(site => site.Name));
        foreach ((string site, SparseAutoencoder autoencoder) in new[] { ("resid_post.0", first), ("mlp_out.1", second) })
        {
            Assert.Equal(SparseAutoencoderFingerprint.Sha256(autoencoder), store.Manifest.Provenance.Saes[site].Sha256);
            (float[][] expectedFeatures, float[][] expectedErrors) = Expected(tokens, site, autoencoder, pooling);
            AssertRows(store, site, expectedFeatures, expectedErrors);
        }
    }

    [Theory]
    [InlineData(Pooling.None, "mlp_normalized.1", 0)]
    [InlineData(Pooling.Mean, "mlp_post.1", 1)]
    [InlineData(Pooling.Last, "resid_mid.1", 2)]
    public void Features_of_a_transcoder_are_those_of_the_site_that_it_reads_and_its_error_is_what_they_leave_of_the_site_that_it_writes(Pooling pooling, string read, int seed)
    {
        const string Written = "mlp_out.1";
        string[] texts = TinyLanguageModel.Texts(60);
        using SparseAutoencoder transcoder = TinyAutoencoders.CreateTranscoder(read == "mlp_post.1" ? 20 : Width, Width, Features, seed);
        using ActivationStoreReader tokens = Collect("tokens", texts, _tiny.Options($"{read},{Written}", Pooling.None));
        SiteAutoencoder place = new(transcoder, Site.Parse(read), Site.Parse(Written));
        using ActivationStoreReader store = Collect("features", texts, _tiny.Options(read, pooling) with { Autoencoders = [place] });
        Assert.Equal([read, Written, Written + ".error", "final_residual"], store.Manifest.Sites.Select(site => site.Name));
        Assert.Equal(read, store.Manifest.FindSite(Written)!.Reads);
        Assert.True(store.Manifest.Provenance.Saes.ContainsKey(Written));
        (float[][] expectedFeatures, float[][] expectedErrors) = Expected(tokens, Written, transcoder, pooling, read);
        AssertRows(store, Written, expectedFeatures, expectedErrors);
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_number_of_threads()
    {
        string[] texts = TinyLanguageModel.Texts(150);
        using SparseAutoencoder autoencoder = Autoencoder(1, SparseAutoencoderKind.TopK);
        CollectionOptions options = _tiny.Options("embed", Pooling.Mean) with { Autoencoders = [new SiteAutoencoder(autoencoder, Site.Parse("resid_mid.1"))] };
        ThreadCount.With(1, () => Collect("one", texts, options)).Dispose();
        ThreadCount.With(3, () => Collect("three", texts, options)).Dispose();
        foreach (string file in Directory.GetFiles(_tiny.PathOf("one")))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_tiny.PathOf("three"), Path.GetFileName(file))));
        }
    }

    [Fact]
    public void Autoencoders_that_do_not_fit_are_refused()
    {
        using SparseAutoencoder autoencoder = Autoencoder(1, SparseAutoencoderKind.TopK);
        Site site = Site.Parse("resid_post.1");
        Assert.Contains("does not say which site", Assert.Throws<InputException>(() => new SiteAutoencoder(autoencoder)).Message, StringComparison.Ordinal);
        Assert.Contains("layers 0 to 1 only", Refusal(new SiteAutoencoder(autoencoder, Site.Parse("resid_post.2"))), StringComparison.Ordinal);
        Assert.Contains("encodes 12 numbers, and mlp_post.0 of the model has 20", Refusal(new SiteAutoencoder(autoencoder, Site.Parse("mlp_post.0"))), StringComparison.Ordinal);
        Assert.Contains("another autoencoder already", Refusal(new SiteAutoencoder(autoencoder, site), new SiteAutoencoder(autoencoder, site)), StringComparison.Ordinal);
    }

    [Fact]
    public void Transcoders_that_do_not_read_and_write_within_a_layer_are_refused()
    {
        using SparseAutoencoder transcoder = TinyAutoencoders.CreateTranscoder(Width, Width, Features, 1), plain = Autoencoder(1, SparseAutoencoderKind.TopK);
        string Problem(SparseAutoencoder autoencoder, string read, string? written) =>
            Assert.Throws<InputException>(() => new SiteAutoencoder(autoencoder, Site.Parse(read), written is null ? null : Site.Parse(written))).Message;
        Assert.Contains("does not say which site it writes", Problem(transcoder, "mlp_in.0", null), StringComparison.Ordinal);
        foreach ((string read, string written) in new[] { ("mlp_out.0", "mlp_in.0"), ("resid_pre.0", "mlp_out.1"), ("embed", "mlp_out.0"), ("mlp_out.0", "mlp_out.0") })
        {
            Assert.Contains($"reads {read} and writes {written}", Problem(transcoder, read, written), StringComparison.Ordinal);
        }

        Assert.Contains("a whole state of the residual stream", Problem(transcoder, "resid_pre.0", "resid_post.0"), StringComparison.Ordinal);
        Assert.Contains("reconstructs what it reads", Problem(plain, "mlp_in.0", "mlp_out.0"), StringComparison.Ordinal);
        Assert.Contains("writes 12 numbers, and mlp_post.0 of the model has 20", Refusal(new SiteAutoencoder(transcoder, Site.Parse("mlp_in.0"), Site.Parse("mlp_post.0"))), StringComparison.Ordinal);
        Assert.Contains("encodes 12 numbers, and mlp_post.0 of the model has 20", Refusal(new SiteAutoencoder(transcoder, Site.Parse("mlp_post.0"), Site.Parse("mlp_out.0"))), StringComparison.Ordinal);
    }

    private static void AssertRows(ActivationStoreReader store, string site, float[][] expectedFeatures, float[][] expectedErrors)
    {
        Assert.Equal(expectedFeatures.Length, store.RowCount);
        for (int row = 0; row < expectedFeatures.Length; row++)
        {
            int count = (int)store.CountValues(site, row, 1);
            int[] indices = new int[count];
            float[] values = new float[count], features = new float[Features], errors = new float[Width];
            store.ReadSparseRows(site, row, 1, new long[2], indices, values);
            for (int i = 0; i < count; i++)
            {
                features[indices[i]] = values[i];
            }

            store.ReadRows(SiteAutoencoder.ErrorName(site), row, 1, errors);
            Assert.All(expectedFeatures[row], (value, i) => Assert.Equal(value, features[i], 1e-5f));
            Assert.All(expectedErrors[row], (value, i) => Assert.Equal(value, errors[i], 1e-5f));
        }
    }

    private string Refusal(params SiteAutoencoder[] autoencoders) =>
        Assert.Throws<InputException>(() => Collect("refused", TinyLanguageModel.Texts(3), _tiny.Options("embed") with { Autoencoders = autoencoders })).Message;

    private static (float[][] Features, float[][] Errors) Expected(ActivationStoreReader tokens, string site, SparseAutoencoder autoencoder, Pooling pooling, string? read = null)
    {
        StoreRow[] rows = new StoreRow[tokens.RowCount];
        tokens.ReadRowDescriptions(0, rows);
        List<(int Text, float[] Features, float[] Error)> encoded = [];
        for (int row = 0; row < rows.Length; row++)
        {
            float[] x = new float[autoencoder.InputWidth], y = new float[Width], error = new float[Width], dense = new float[Features];
            tokens.ReadRows(read ?? site, row, 1, x);
            tokens.ReadRows(site, row, 1, y);
            using SparseFeatureRows features = new(Features);
            autoencoder.Encode(x, features);
            autoencoder.Error(x, y, error);
            for (int i = 0; i < features.EntryCount; i++)
            {
                dense[features.Indices(0)[i]] = features.Values(0)[i];
            }

            encoded.Add((rows[row].Text, dense, error));
        }

        if (pooling == Pooling.None)
        {
            return ([.. encoded.Select(token => token.Features)], [.. encoded.Select(token => token.Error)]);
        }

        float Pool(IEnumerable<float> values) => pooling switch
        {
            Pooling.Last => values.Last(),
            Pooling.Mean => values.Average(),
            Pooling.Sum => values.Sum(),
            _ => values.Max(),
        };
        float[][] Pooled(Func<(int Text, float[] Features, float[] Error), float[]> part, int width) =>
            [.. encoded.GroupBy(token => token.Text).Select(text => Enumerable.Range(0, width).Select(i => Pool(text.Select(token => part(token)[i]))).ToArray())];
        return (Pooled(token => token.Features, Features), Pooled(token => token.Error, Width));
    }

    private static SparseAutoencoder Autoencoder(ulong seed, SparseAutoencoderKind kind)
    {
        RandomSource random = new(seed);
        NativeBuffer<float> Matrix()
        {
            NativeBuffer<float> matrix = new(Features * Width);
            foreach (ref float value in matrix.Span)
            {
                value = (float)random.NextNormal() / 3;
            }

            return matrix;
        }

        float[] Vector(int length) => [.. Enumerable.Range(0, length).Select(_ => (float)random.NextNormal() / 3)];
        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = kind, K = kind == SparseAutoencoderKind.TopK ? 4 : 0, SubtractsDecoderBias = true },
            new SparseAutoencoderParameters { Encoder = Matrix(), Decoder = Matrix(), EncoderBias = Vector(Features), DecoderBias = Vector(Width) },
            new SparseAutoencoderProvenance { Format = "test" });
    }

    private ActivationStoreReader Collect(string name, string[] texts, CollectionOptions options)
    {
        string path = _tiny.WriteText("texts.txt", texts);
        _tiny.Collector(path, options).Run(_tiny.PathOf(name), cancellation: TestContext.Current.CancellationToken);
        return ActivationStoreReader.Open(_tiny.PathOf(name));
    }
}
