using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class FeatureNamingTests
{
    [Fact]
    public void Examples_hold_the_tokens_that_fire_and_a_feature_without_a_label_is_called_by_its_peaks()
    {
        using TemporaryFolder folder = new();
        RowFeatures store = new("resid_post.1", Pooling.None,
        [
            (new StoreRow(0, 3, 0, 0, 10), []), (new StoreRow(0, 3, 0, 1, 11), [(3, 2f)]), (new StoreRow(0, 3, 0, 2, 12), [(3, 0.5f), (4, 9f)]),
            (new StoreRow(2, 1, 0, 0, 11), [(3, 4f)]), (new StoreRow(3, 2, 0, 0, 13), [(3, 3f)]), (new StoreRow(3, 2, 0, 1, 14), []),
        ]);
        store.Write(folder.PathOf("store"));
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        Circuit circuit = store.Circuit(3, 4, 5);
        circuit = circuit.With(
            nodes: circuit.Nodes.Select(node => node.Name == "resid_post.1/4" ? node with { Label = "by hand" } : node),
            edges: [.. circuit.Edges.Select(edge => edge with { InCircuit = edge.Source != "resid_post.1/5" })]);
        Circuit named = FeatureNaming.AddExamples(circuit, reader, id => $" t{id}", examples: 2);
        Assert.Equal("fires on “t11”, “t13”", named["resid_post.1/3"].Label);
        Assert.Equal("by hand", named["resid_post.1/4"].Label);
        Assert.Null(named["resid_post.1/5"].Label);
        CircuitExample[] examples = [.. named.Examples.Where(example => example.Node == "resid_post.1/3")];
        Assert.Equal([(" t11", 4.0), (" t13 t14", 3)], examples.Select(example => (example.Text, example.Value)));
        Assert.Equal([new ExampleToken(" t13", 3), new ExampleToken(" t14", 0)], examples[1].Tokens);
        Assert.Equal(" [t13] t14", FeatureText.Marked(examples[1]));
        Assert.Equal(["resid_post.1/3", "resid_post.1/4"], named.Profiles.Select(profile => profile.Node));
        Assert.Equal(4.0 / 6, named.Profiles[0].Frequency);

        // Again, with another store's worth of label: an automatic label gives way, and nothing is doubled.
        Circuit again = FeatureNaming.AddExamples(named, reader, id => $" u{id}", examples: 1);
        Assert.Equal("fires on “u11”, “u13”", again["resid_post.1/3"].Label);
        Assert.Equal(2, again.Examples.Count);
    }

    [Fact]
    public void A_feature_at_several_positions_has_the_same_findings_at_each()
    {
        using TemporaryFolder folder = new();
        RowFeatures store = RowFeatures.Random(Pooling.None, 20);
        store.Write(folder.PathOf("store"));
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        Circuit circuit = new(
            [new CircuitNode("resid_post.1/2@0", CircuitNodeKind.Feature, 1), new CircuitNode("resid_post.1/2@5", CircuitNodeKind.Feature, 1), new CircuitNode("y", CircuitNodeKind.Target, 2)],
            [new CircuitEdge("resid_post.1/2@0", "y", 1), new CircuitEdge("resid_post.1/2@5", "y", 1)]);
        Circuit named = FeatureNaming.AddExamples(circuit, reader, id => $"{id} ");
        Assert.Equal(named.Profiles[0] with { Node = "resid_post.1/2@5" }, named.Profiles[1]);
        Assert.Equal(10, named.Examples.Count);
        Assert.Equal(named["resid_post.1/2@0"].Label, named["resid_post.1/2@5"].Label);
        Assert.NotNull(named["resid_post.1/2@0"].Label);
    }

    [Fact]
    public void Sources_are_noted_and_give_pages()
    {
        Circuit circuit = FeatureNaming.AddSources(SampleCircuits.Features(), new Dictionary<string, NeuronpediaSource> { ["resid_post.5"] = NeuronpediaSource.Parse("gpt2-small/{L}-res", 5) });
        Assert.Equal("https://www.neuronpedia.org/gpt2-small/5-res/36", FeatureNaming.PageOf(circuit, "resid_post.5/36"));
        Assert.Null(FeatureNaming.PageOf(circuit, "embed/7"));
        Assert.Null(FeatureNaming.PageOf(circuit, "y"));
        Assert.Equal(["model", "command", "neuronpedia.resid_post.5"], circuit.Provenance.Keys);
        Assert.Throws<InputException>(() => NeuronpediaSource.Parse("gpt2-small/5/6"));
        Assert.Throws<InputException>(() => NeuronpediaSource.Parse("gpt2-small/{L}-res"));
    }

    // The derivative of the logits along d at x is W_U (g * (d - mean d)) / s, s the norm's scale, wherever x is orthogonal to d: the change of the scale is then 0.
    [Theory]
    [InlineData("grammar")]
    [InlineData("stories260k")]
    public void Effects_on_tokens_are_the_derivative_of_the_logits_at_a_residual_stream_of_unit_scale(string name)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("model");
        if (name == "grammar")
        {
            EmbeddedModel.Extract(path);
        }
        else
        {
            path = SharedData.Require(name);
        }

        using TransformerModel model = ModelCheckpoint.Load(path);
        UnembeddingEffects effects = new(model);
        int width = model.Description.Width;
        bool centres = model.Description.Normalization.Kind != NormalizationKind.RootMeanSquare;
        Random random = new(3);
        float[] directions = [.. Enumerable.Range(0, 3 * width).Select(_ => (float)(random.NextDouble() - 0.3))];
        float[] actual = new float[3 * effects.TokenCount];
        effects.Compute(directions, actual);
        for (int i = 0; i < 3; i++)
        {
            double[] d = [.. directions.Skip(i * width).Take(width).Select(value => (double)value)];
            double[] centred = Centred(d, centres);
            double[] x = Centred([.. Enumerable.Range(0, width).Select(_ => random.NextDouble() - 0.5)], centres);
            double share = x.Zip(centred, (a, b) => a * b).Sum() / centred.Sum(value => value * value);
            x = [.. x.Zip(centred, (a, b) => a - (share * b))];
            double scale = Math.Sqrt((x.Sum(value => value * value) / width) + model.Description.Normalization.Epsilon);
            const double step = 0.01;
            float[] up = Logits(model, [.. x.Zip(d, (a, b) => (float)((a / scale) + (step * b)))]);
            float[] down = Logits(model, [.. x.Zip(d, (a, b) => (float)((a / scale) - (step * b)))]);
            double[] expected = Centred([.. up.Zip(down, (a, b) => (a - b) / (2 * step))], true);
            double largest = expected.Max(Math.Abs);
            for (int token = 0; token < expected.Length; token++)
            {
                Assert.Equal(expected[token], actual[(i * effects.TokenCount) + token], 2e-3 * largest);
            }
        }
    }

    [Fact]
    public void The_most_promoted_and_suppressed_tokens_are_the_ends_of_the_sorted_effects()
    {
        Circuit circuit = RowFeatures.Random(Pooling.None, 1).Circuit([.. Enumerable.Range(1, 40)]);
        Circuit named = FeatureNaming.AddTokenEffects(
            circuit, new SlopeEffects(), node => node.Name.EndsWith("/7", StringComparison.Ordinal) ? null : [FeatureName.Parse(node.Name)!.Value.Index, 1], id => id == 90 ? null : $"t{id}", tokens: 3);
        Assert.Equal(39, named.Profiles.Count);
        foreach (FeatureProfile profile in named.Profiles)
        {
            int index = FeatureName.Parse(profile.Node)!.Value.Index;
            (int Id, float Effect)[] all = [.. Enumerable.Range(0, 100).Where(id => id != 90).Select(id => (id, SlopeEffects.Of(index, 1, id)))];
            Assert.Equal(all.OrderByDescending(pair => pair.Effect).ThenBy(pair => pair.Id).Take(3).Select(pair => new TokenEffect($"t{pair.Id}", pair.Effect)), profile.Promoted);
            Assert.Equal(all.OrderBy(pair => pair.Effect).ThenBy(pair => pair.Id).Take(3).Select(pair => new TokenEffect($"t{pair.Id}", pair.Effect)), profile.Suppressed);
        }
    }

    [Fact]
    public void Texts_of_a_pooled_store_are_shown_with_the_tokens_that_fire_when_they_are_run_again()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.PathOf("model"));
        using TransformerModel model = ModelCheckpoint.Load(folder.PathOf("model"));
        Tokenizer tokenizer = Tokenizer.Load(folder.PathOf("model"));
        using SparseAutoencoder autoencoder = RandomAutoencoder.Create(model.Description.Width, RowFeatures.Width, 6, "resid_post.1");
        string[] texts = ["the cat sleeps .", "the cats sleep .", "the dogs near the cat sleep ."];
        File.WriteAllText(folder.PathOf("text.tsv"), "label\ttext\n" + string.Concat(texts.Select((text, i) => $"{i % 2}\t{text}\n")));
        StoreProvenance provenance = new()
        {
            Text = new StoreSource("text.tsv", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(folder.PathOf("text.tsv"))))),
            Settings = new Dictionary<string, string> { ["text_column"] = "text", ["label_column"] = "label" },
        };

        // The slow way: every token's features, then their largest value over the text.
        ActivationRunner runner = new(model, [Site.Parse("resid_post.1")], [], Pooling.None);
        (string[] Tokens, float[][] Features)[] passes = [.. texts.Select(text =>
        {
            int[] ids = tokenizer.Encode(text);
            float[] rows = runner.Run([ids]).Sites[0];
            using SparseFeatureRows encoded = new(RowFeatures.Width);
            autoencoder.Encode(rows, encoded);
            float[][] dense = [.. Enumerable.Range(0, ids.Length).Select(_ => new float[RowFeatures.Width])];
            for (int row = 0; row < ids.Length; row++)
            {
                for (int i = 0; i < encoded.Indices(row).Length; i++)
                {
                    dense[row][encoded.Indices(row)[i]] = encoded.Values(row)[i];
                }
            }

            return (ids.Select(id => FeatureText.TokenText(tokenizer, id)).ToArray(), dense);
        })];
        RowFeatures store = new("resid_post.1", Pooling.Max, [.. passes.Select((pass, text) =>
            (new StoreRow(text, pass.Tokens.Length), Enumerable.Range(0, RowFeatures.Width).Select(f => (f, pass.Features.Max(row => row[f]))).Where(pair => pair.Item2 > 0).ToArray()))]);
        store.Write(folder.PathOf("store"), provenance);
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        TokenFeatures features = new(model, tokenizer, [new SiteAutoencoder(autoencoder, Site.Parse("resid_post.1"))]);
        Circuit circuit = store.Circuit([.. Enumerable.Range(0, RowFeatures.Width)]);
        Circuit named = FeatureNaming.AddExamples(circuit, reader, _ => throw new InvalidOperationException(), PooledTexts.Open(reader, folder.PathOf("text.tsv"), features));
        Assert.NotEmpty(named.Examples);
        foreach (CircuitExample example in named.Examples)
        {
            int feature = FeatureName.Parse(example.Node)!.Value.Index;
            (string[] tokens, float[][] dense) = Assert.Single(passes, pass => pass.Tokens.SequenceEqual(example.Tokens.Select(token => token.Text)));
            Assert.Equal(dense.Select(row => (double)row[feature]), example.Tokens.Select(token => token.Value));
            Assert.Equal(example.Value, example.Tokens.Max(token => token.Value));
            Assert.StartsWith("fires on “", named[example.Node].Label, StringComparison.Ordinal);
        }

        Circuit plain = FeatureNaming.AddExamples(circuit, reader, _ => string.Empty, PooledTexts.Open(reader, folder.PathOf("text.tsv")));
        Assert.All(plain.Examples, example => Assert.Contains(example.Text, texts));
        Assert.All(plain.Examples, example => Assert.Empty(example.Tokens));
        Assert.Empty(FeatureNaming.AddExamples(circuit, reader, _ => string.Empty).Examples);
        File.AppendAllText(folder.PathOf("text.tsv"), "1\tthe cat .\n");
        Assert.Contains("is not the text of", Assert.Throws<InputException>(() => PooledTexts.Open(reader, folder.PathOf("text.tsv"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grammar", "the dogs near the cat sleep .")]
    [InlineData("stories260k", "Once upon a time, there was a girl.")]
    [InlineData("tokenizers/gpt2", "Once upon a time, there was a girl.")]
    public void Tokens_put_together_read_as_the_text(string name, string text)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("model");
        if (name == "grammar")
        {
            EmbeddedModel.Extract(path);
        }
        else
        {
            path = SharedData.Require(name.Split('/'));
        }

        Tokenizer tokenizer = Tokenizer.Load(path);
        Assert.Equal(text, string.Concat(tokenizer.Encode(text, addSpecialTokens: false).Select(id => FeatureText.TokenText(tokenizer, id))).Trim());
    }

    [Fact]
    public void An_autoencoder_of_another_width_is_refused()
    {
        using TemporaryFolder folder = new();
        EmbeddedModel.Extract(folder.PathOf("model"));
        using TransformerModel model = ModelCheckpoint.Load(folder.PathOf("model"));
        using SparseAutoencoder autoencoder = RandomAutoencoder.Create(7, 20, 2, "resid_post.1");
        Assert.Throws<InputException>(() => new TokenFeatures(model, Tokenizer.Load(folder.PathOf("model")), [new SiteAutoencoder(autoencoder, Site.Parse("resid_post.1"))]));
    }

    [Fact]
    public void Features_are_shown_as_plain_text()
    {
        Assert.Equal("“cats”", FeatureText.Quoted(" cats"));
        Assert.Equal("“↵⇥”", FeatureText.Quoted("\r\n\t"));
        Assert.Equal("“␣”", FeatureText.Quoted("  "));
        Assert.Equal("█ ▁▄", FeatureText.Bars([new ActivationBin(0, 1, 1000), new ActivationBin(1, 2, 0), new ActivationBin(2, 3, 1), new ActivationBin(3, 4, 500)]));
        Assert.Equal("plain", FeatureText.Marked(new CircuitExample("a", "plain", 1)));
    }

    private static float[] Logits(TransformerModel model, float[] residual)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        return model.Unembed(Tensor.FromValues(residual, 1, residual.Length)).ToArray();
    }

    private static double[] Centred(double[] values, bool centres)
    {
        double mean = centres ? values.Average() : 0;
        return [.. values.Select(value => value - mean)];
    }

    private sealed class SlopeEffects : ITokenEffects
    {
        public int Width => 2;

        public int TokenCount => 100;

        public static float Of(float first, float second, int token) => (first * ((token * 37 % 11) - 5)) + second;

        public void Compute(ReadOnlySpan<float> directions, Span<float> effects)
        {
            for (int i = 0; i < directions.Length / 2; i++)
            {
                for (int token = 0; token < TokenCount; token++)
                {
                    effects[(i * TokenCount) + token] = Of(directions[2 * i], directions[(2 * i) + 1], token);
                }
            }
        }
    }
}
