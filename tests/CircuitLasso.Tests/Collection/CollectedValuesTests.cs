using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

/// <summary>What is collected from a batch equals what passes over single texts give.</summary>
public sealed class CollectedValuesTests : IDisposable
{
    private const string AllSites = "embed,resid_pre.*,resid_mid.*,resid_post.*,attn_in.*,attn_q.*,attn_k.*,attn_v.*,attn_head.*,attn_out.*,mlp_in.*,mlp_normalized.*,mlp_post.*,mlp_out.*,logits";

    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Sum)]
    [InlineData(Pooling.Max)]
    [InlineData(Pooling.None)]
    public void Every_row_equals_pooling_a_pass_over_its_text_alone(Pooling pooling)
    {
        // 300 texts of up to 11 tokens are several batches, each padded to its longest.
        string[] texts = TinyLanguageModel.Texts(300);
        using ActivationStoreReader store = Collect(texts, _tiny.Options(AllSites, pooling));

        long row = 0;
        for (int text = 0; text < texts.Length; text += text < 20 ? 1 : 23)
        {
            int[] ids = _tiny.Tokenizer.Encode(texts[text]);
            row = FirstRow(store, text);
            int rows = pooling == Pooling.None ? ids.Length : 1;
            foreach (StoreSite stored in store.Manifest.Sites.Where(site => site.Name != ActivationCollector.FinalResidualSite))
            {
                float[] found = new float[rows * stored.Width];
                store.ReadRows(stored.Name, row, rows, found);
                Equal(Pool(_tiny.HookedAlone(Site.Parse(stored.Name), ids), pooling), found, stored.Name);
            }

            float[][] last = _tiny.HookedAlone(new Site(SiteKind.ResidualAfter, 1), ids);
            float[] final = new float[rows * 12];
            store.ReadRows(ActivationCollector.FinalResidualSite, row, rows, final);
            Equal(pooling == Pooling.None ? Pool(last, Pooling.None) : Pool(last, Pooling.Last), final, "final_residual");
        }
    }

    [Fact]
    public void Heads_are_kept_before_the_output_matrix_which_brings_them_into_the_residual_stream()
    {
        string[] texts = TinyLanguageModel.Texts(5);
        using ActivationStoreReader store = Collect(texts, _tiny.Options("attn_head.*,attn_z.0"));
        Assert.Equal(["attn_z.0", "attn_z.1", "final_residual"], store.Manifest.Sites.Select(site => site.Name));
        for (int layer = 0; layer < 2; layer++)
        {
            StoreSite site = store.Site($"attn_z.{layer}");
            Assert.Equal(3, site.Heads);
            StoreConstant matrix = store.ReadConstant($"output_matrix.{layer}");
            Assert.Equal([12L, 12L], matrix.Shape);
            for (int text = 0; text < texts.Length; text++)
            {
                float[] z = new float[12];
                store.ReadRows(site.Name, text, 1, z);
                double[] written = [.. Enumerable.Range(0, 3 * 12).Select(at => Enumerable.Range(0, 4).Sum(i => (double)z[(at / 12 * 4) + i] * matrix.Values.Span[(((at / 12 * 4) + i) * 12) + (at % 12)]))];
                Equal([.. written.Select(value => (float)value)], _tiny.HookedAlone(new Site(SiteKind.AttentionHead, layer), _tiny.Tokenizer.Encode(texts[text]))[^1], "attn_head");
            }
        }
    }

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.None)]
    public void The_log_probability_equals_an_explicit_log_softmax(Pooling pooling)
    {
        string[] texts = TinyLanguageModel.Texts(40);
        using ActivationStoreReader store = Collect(texts, _tiny.Options("embed", pooling));
        float[] found = new float[store.RowCount];
        store.ReadTarget("logprob", 0, found);
        List<double> expected = [];
        foreach (int[] ids in texts.Select(text => _tiny.Tokenizer.Encode(text)))
        {
            float[][] logits = _tiny.LogitsAlone(ids);
            double[] next = [.. Enumerable.Range(0, ids.Length - 1).Select(position => LogSoftmax(logits[position], ids[position + 1]))];
            expected.AddRange(pooling == Pooling.None ? [.. next, double.NaN] : [next.Sum()]);
        }

        Assert.Equal(expected.Count, found.Length);
        Assert.All(expected, (value, row) => Assert.Equal(value, found[row], 1e-4));
    }

    [Fact]
    public void Answers_are_scored_after_the_text()
    {
        string[] texts = TinyLanguageModel.Texts(30);
        string path = _tiny.WriteText("answers.tsv", texts.Select((text, i) => $"{text}\t{(i % 2 == 0 ? "runs\trun" : "dog\tus")}").Prepend("text\tgood\tbad"));
        CollectionOptions options = _tiny.Options("embed") with { Answers = ("good", "bad") };
        _tiny.Collector(path, options, new TextOptions { TextColumn = "text", KeptColumns = ["good", "bad"] }).Run(_tiny.PathOf("store"));
        using ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("store"));
        float[] differences = new float[30];
        float[] logProbabilities = new float[30];
        store.ReadTarget("logitdiff", 0, differences);
        store.ReadTarget("answer_logprob", 0, logProbabilities);
        for (int row = 0; row < 30; row++)
        {
            float[] logits = _tiny.LogitsAlone(_tiny.Tokenizer.Encode(texts[row]))[^1];
            int good = Array.IndexOf(TinyLanguageModel.Words, row % 2 == 0 ? "runs" : "dog");
            int bad = Array.IndexOf(TinyLanguageModel.Words, row % 2 == 0 ? "run" : "us");
            Assert.Equal(logits[good] - logits[bad], differences[row], 1e-4);
            Assert.Equal(LogSoftmax(logits, good), logProbabilities[row], 1e-4);
        }
    }

    [Theory]
    [InlineData("cat runs", "is not one token")]
    [InlineData("unheard", "is not one token")]
    public void An_answer_that_is_not_one_token_is_refused_with_its_line(string answer, string problem)
    {
        string path = _tiny.WriteText("answers.tsv", ["text\tgood\tbad", "the cat\truns\trun", $"the dog\t{answer}\trun"]);
        CollectionOptions options = _tiny.Options("embed") with { Answers = ("good", "bad") };
        ActivationCollector collector = _tiny.Collector(path, options, new TextOptions { TextColumn = "text", KeptColumns = ["good", "bad"] });
        InputException exception = Assert.Throws<InputException>(() => collector.Run(_tiny.PathOf("store")));
        Assert.Equal(path, exception.Subject);
        Assert.Contains("line 3", exception.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_without_pooling_are_those_of_pooled_texts_in_the_row_of_the_last_token_and_undefined_in_others()
    {
        string path = _tiny.WriteText("answers.tsv", TinyLanguageModel.Texts(20).Select(text => $"{text}\truns\trun").Prepend("text\tgood\tbad"));
        float[] Read(Pooling pooling, out StoreRow[] rows)
        {
            string folder = _tiny.PathOf($"store of {pooling}");
            CollectionOptions options = _tiny.Options("embed", pooling) with { Answers = ("good", "bad") };
            _tiny.Collector(path, options, new TextOptions { TextColumn = "text", KeptColumns = ["good", "bad"] }).Run(folder);
            using ActivationStoreReader store = ActivationStoreReader.Open(folder);
            rows = new StoreRow[store.RowCount];
            store.ReadRowDescriptions(0, rows);
            float[] values = new float[rows.Length];
            store.ReadTarget("logitdiff", 0, values);
            return values;
        }

        float[] pooled = Read(Pooling.Last, out _), tokens = Read(Pooling.None, out StoreRow[] rows);
        for (int row = 0; row < rows.Length; row++)
        {
            Assert.Equal(rows[row].Position == rows[row].Length - 1 ? pooled[rows[row].Text] : float.NaN, tokens[row]);
        }
    }

    [Theory]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.None)]
    public void Rows_say_which_text_position_token_and_label_they_are_of(Pooling pooling)
    {
        string[] texts = TinyLanguageModel.Texts(20);
        string path = _tiny.WriteText("labelled.tsv", texts.Select((text, i) => $"{(i % 3 == 0 ? "odd" : "even")}\t{text}"));
        _tiny.Collector(path, _tiny.Options("embed", pooling), new TextOptions { TextColumn = "2", LabelColumn = "1" }).Run(_tiny.PathOf("store"));
        using ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("store"));

        List<StoreRow> expected = [];
        for (int text = 0; text < texts.Length; text++)
        {
            int[] ids = _tiny.Tokenizer.Encode(texts[text]);
            int label = store.Manifest.LabelClasses.ToList().IndexOf(text % 3 == 0 ? "odd" : "even");
            expected.AddRange(pooling == Pooling.None
                ? ids.Select((id, position) => new StoreRow(text, ids.Length, label, position, id))
                : [new StoreRow(text, ids.Length, label)]);
        }

        StoreRow[] found = new StoreRow[store.RowCount];
        store.ReadRowDescriptions(0, found);
        Assert.Equal(2, store.Manifest.LabelClasses.Count);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Longer_texts_are_cut_and_counted()
    {
        string[] texts = [string.Join(' ', Enumerable.Repeat("cat", 30)), "the cat", "the cat runs and runs"];
        CollectionResult result = Run(texts, _tiny.Options("embed", Pooling.None), "model limit");
        Assert.Equal((3, 1, TinyLanguageModel.MaximumPositions + 3 + 6L), (result.Texts, result.CutTexts, result.Tokens));
        CollectionResult shorter = Run(texts, _tiny.Options("embed", Pooling.None) with { MaximumTokens = 4 }, "four");
        Assert.Equal((2, 4 + 3 + 4L, 11L), (shorter.CutTexts, shorter.Tokens, shorter.Rows));
        InputException exception = Assert.Throws<InputException>(() => Run(texts, _tiny.Options("embed") with { MaximumTokens = 0 }, "none"));
        Assert.Equal("--max-tokens", exception.Subject);
    }

    private static double LogSoftmax(float[] logits, int id)
    {
        double largest = logits.Max();
        return logits[id] - largest - Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
    }

    private static float[] Pool(float[][] positions, Pooling pooling) => pooling switch
    {
        Pooling.None => [.. positions.SelectMany(values => values)],
        Pooling.Last => positions[^1],
        Pooling.Max => [.. Enumerable.Range(0, positions[0].Length).Select(i => positions.Max(values => values[i]))],
        _ => [.. Enumerable.Range(0, positions[0].Length).Select(i => (float)(positions.Sum(values => (double)values[i]) / (pooling == Pooling.Mean ? positions.Length : 1)))],
    };

    private static void Equal(float[] expected, float[] found, string site)
    {
        Assert.Equal(expected.Length, found.Length);
        double difference = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(difference < 2e-5, $"{site} differs by {difference}");
    }

    private static long FirstRow(ActivationStoreReader store, int text)
    {
        StoreRow[] rows = new StoreRow[store.RowCount];
        store.ReadRowDescriptions(0, rows);
        return Array.FindIndex(rows, row => row.Text == text);
    }

    private ActivationStoreReader Collect(string[] texts, CollectionOptions options)
    {
        Run(texts, options, "store");
        return ActivationStoreReader.Open(_tiny.PathOf("store"));
    }

    private CollectionResult Run(string[] texts, CollectionOptions options, string store) =>
        _tiny.Collector(_tiny.WriteText("texts.txt", texts), options).Run(_tiny.PathOf(store));
}
