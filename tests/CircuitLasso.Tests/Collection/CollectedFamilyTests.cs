using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>What is collected of a model of every family is what its components add to the residual stream.</summary>
public sealed class CollectedFamilyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(FamilyFixtures.LanguageModels), MemberType = typeof(FamilyFixtures))]
    public void Heads_times_their_matrix_and_MLPs_and_embedding_add_up_to_the_residual_stream(string name)
    {
        FamilyFixtures.CopyWithTokenizer(name, _folder.PathOf("model"));
        using TransformerModel model = ModelCheckpoint.Load(_folder.PathOf("model"));
        string[] texts = FamilyFixtures.Texts(20, 1);
        using ActivationStoreReader store = Collect(model, texts, "components");
        int width = model.Description.Width;
        int rows = (int)store.RowCount;
        double[] sum = new double[rows * width];
        Add(sum, Read(store, "embed"));
        for (int layer = 0; layer < model.Description.Layers; layer++)
        {
            StoreSite site = store.Site(new Site(model.Description.HeadSite, layer).ToString());
            Assert.Equal(model.Description.Attention.Heads, site.Heads);
            float[] heads = Read(store, site.Name);
            float[] matrix = store.ReadConstant($"output_matrix.{layer}").Values.ToArray();
            float[]? bias = model.Parameters.Find(ParameterRole.OutputBias, layer)?.ToArray();
            for (int i = 0; i < sum.Length; i++)
            {
                for (int j = 0; j < site.Width; j++)
                {
                    sum[i] += heads[(i / width * site.Width) + j] * (double)matrix[(j * width) + (i % width)];
                }

                sum[i] += bias?[i % width] ?? 0;
            }

            Add(sum, Read(store, $"mlp_out.{layer}"));
        }

        float[] last = Read(store, ActivationCollector.FinalResidualSite);
        Assert.All(sum.Zip(last), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 2e-5 * (1 + Math.Abs(pair.Second)), $"{pair.First} and not {pair.Second}"));
        StoreLearningData data = new(store);
        Assert.Equal(model.Components().Nodes.Where(node => node.Kind != CircuitNodeKind.Logits).Select(node => node.Name).Order(), data.Blocks.Select(block => block.Name).Order());
        Assert.Equal(model.Description.ParallelSublayers, data.Components!.ParallelBlocks);
    }

    [Fact]
    public void Values_before_a_norm_that_follows_are_refused_as_what_heads_write()
    {
        FamilyFixtures.CopyWithTokenizer("gemma2", _folder.PathOf("model"));
        using TransformerModel model = ModelCheckpoint.Load(_folder.PathOf("model"));
        using ActivationStoreReader store = Collect(model, FamilyFixtures.Texts(6, 1), "embed,attn_z.*,mlp_out.*");
        Assert.Contains("before the norm that follows attention", Assert.Throws<InputException>(() => new StoreLearningData(store)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Heads_asked_for_by_name_are_kept_after_the_scale_of_the_norm_that_follows_beside_values_before_it()
    {
        FamilyFixtures.CopyWithTokenizer("gemma2", _folder.PathOf("model"));
        using TransformerModel model = ModelCheckpoint.Load(_folder.PathOf("model"));
        using ActivationStoreReader store = Collect(model, FamilyFixtures.Texts(6, 1), "embed,attn_head.*,attn_z.1,mlp_out.*");
        Assert.Equal(
            ["embed", "attn_z_normalized.0", "attn_z_normalized.1", "attn_z_normalized.2", "attn_z.1", "mlp_out.0", "mlp_out.1", "mlp_out.2", ActivationCollector.FinalResidualSite],
            store.Manifest.Sites.Select(site => site.Name));
        float[] before = Read(store, "attn_z.1");
        float[] after = Read(store, "attn_z_normalized.1");
        int width = before.Length / (int)store.RowCount;
        for (int row = 0; row < store.RowCount; row++)
        {
            float[] ratios = [.. Enumerable.Range(row * width, width).Select(i => after[i] / before[i])];
            Assert.All(ratios, ratio => Assert.Equal(ratios[0], ratio, 1e-4f * Math.Abs(ratios[0])));
        }

        Assert.Equal((3 * 5) + 1, new StoreLearningData(store).Blocks.Count);
    }

    [Theory]
    [MemberData(nameof(FamilyFixtures.LanguageModels), MemberType = typeof(FamilyFixtures))]
    public void Promoted_tokens_are_those_whose_logits_a_direction_raises(string name)
    {
        using TransformerModel model = ModelCheckpoint.Load(FamilyFixtures.Folder(name));
        int width = model.Description.Width;
        Random random = new(2);
        float[] direction = [.. Enumerable.Range(0, width).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        float[] effects = new float[model.Description.VocabularySize];
        new UnembeddingEffects(model).Compute(direction, effects);

        // A direction so large that nothing else is in the residual stream: the norm makes its scale 1, and the limit of logits keeps their order.
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] biases = model.Parameters.Find(ParameterRole.FinalNormBias) is { } bias
            ? model.Unembed(Tensor.Zeros(1, width)).ToArray()
            : new float[effects.Length];
        float[] logits = model.Unembed(Tensor.FromValues([.. direction.Select(value => 1e3f * value)], 1, width)).ToArray();
        int[] expected = [.. Enumerable.Range(0, effects.Length).OrderBy(token => logits[token] - biases[token])];
        Assert.Equal(expected, Enumerable.Range(0, effects.Length).OrderBy(token => effects[token]));
    }

    private ActivationStoreReader Collect(TransformerModel model, string[] texts, string sites)
    {
        File.WriteAllLines(_folder.PathOf("texts.txt"), texts);
        new ActivationCollector(
            model,
            _folder.PathOf("model"),
            Tokenizer.Load(_folder.PathOf("model")),
            TextSource.Open(_folder.PathOf("texts.txt"), new TextOptions()),
            new CollectionOptions { Sites = CollectionOptions.ParseSites(sites, model.Description), Pooling = Pooling.None }).Run(_folder.PathOf("store"));
        return ActivationStoreReader.Open(_folder.PathOf("store"));
    }

    private static float[] Read(ActivationStoreReader store, string site)
    {
        float[] values = new float[store.RowCount * store.Site(site).Width];
        store.ReadRows(site, 0, (int)store.RowCount, values);
        return values;
    }

    private static void Add(double[] sum, float[] values)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += values[i];
        }
    }
}
