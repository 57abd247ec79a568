using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class PublishedFormatTests
{
    public static TheoryData<string> Names => [.. PublishedFixture.Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_format_encodes_and_decodes_as_its_own_definition_says(string name)
    {
        using SparseAutoencoder autoencoder = PublishedFixture.Load(name);
        RequireExpected(name, autoencoder);
    }

    [Theory]
    [InlineData("openai-topk", "openai", SparseAutoencoderKind.TopK, "resid_post.5", "resid_post.5", "gpt2-small", "gpt2-small/5-res_post_32k-oai")]
    [InlineData("openai-relu", "openai", SparseAutoencoderKind.Standard, "mlp_post.2", "mlp_post.2", "gpt2-small", null)]
    [InlineData("dictionary-learning-standard", "dictionary_learning", SparseAutoencoderKind.Standard, "resid_post.3", "resid_post.3", null, "pythia-70m-deduped/3-res-sm")]
    [InlineData("dictionary-learning-new", "dictionary_learning", SparseAutoencoderKind.Standard, null, null, null, null)]
    [InlineData("dictionary-learning-gated", "dictionary_learning", SparseAutoencoderKind.Gated, "resid_post.4", "resid_post.4", "EleutherAI/pythia-70m-deduped", null)]
    [InlineData("dictionary-learning-batchtopk", "dictionary_learning", SparseAutoencoderKind.JumpRelu, "resid_post.8", "resid_post.8", "google/gemma-2-2b", null)]
    [InlineData("tinystories", "tinystories_sae", SparseAutoencoderKind.TopK, null, null, null, null)]
    [InlineData("saelens-standard", "saelens", SparseAutoencoderKind.Standard, "resid_pre.8", "resid_pre.8", "gpt2-small", "gpt2-small/8-res-jb")]
    [InlineData("saelens-gated", "saelens", SparseAutoencoderKind.Gated, "resid_pre.8", "resid_pre.8", "gpt2-small", "gpt2-small/8-res-jb")]
    [InlineData("saelens-first", "saelens", SparseAutoencoderKind.Standard, "resid_post.3", "resid_post.3", "gpt2-small", null)]
    [InlineData("saelens-topk-before-6", "saelens", SparseAutoencoderKind.TopK, "mlp_out.0", "mlp_out.0", "gpt2-small", "gpt2-small/0-mlp_32k-oai")]
    [InlineData("saelens-finetuned", "saelens", SparseAutoencoderKind.Standard, "attn_z.2", "attn_z.2", "pythia-70m", null)]
    [InlineData("saelens-transcoder", "saelens", SparseAutoencoderKind.Standard, null, "mlp_out.4", "gpt2-small", "gpt2-small/8-res-jb")]
    [InlineData("gemma-scope-residual", "gemma-scope", SparseAutoencoderKind.JumpRelu, "resid_post.5", "resid_post.5", "gemma-2-2b", "gemma-2-2b/5-gemmascope-res-16k")]
    [InlineData("gemma-scope-attention", "gemma-scope", SparseAutoencoderKind.JumpRelu, "attn_z.20", "attn_z.20", "gemma-2-9b-it", null)]
    [InlineData("gemma-scope-transcoder", "gemma-scope", SparseAutoencoderKind.JumpRelu, null, "mlp_out.0", "gemma-2-2b", "gemma-2-2b/0-gemmascope-transcoder-16k")]
    [InlineData("gemma-scope-embedding", "gemma-scope", SparseAutoencoderKind.JumpRelu, "embed", "embed", "gemma-2-2b", null)]
    [InlineData("sparsify-residual", "sparsify", SparseAutoencoderKind.TopK, "resid_post.10", "resid_post.10", null, null)]
    [InlineData("sparsify-transcoder", "sparsify", SparseAutoencoderKind.TopK, "mlp_normalized.3", "mlp_out.3", null, null)]
    [InlineData("circuit-tracer-jumprelu", "circuit-tracer", SparseAutoencoderKind.JumpRelu, "resid_mid.7", "mlp_out.7", "google/gemma-2-2b", null)]
    [InlineData("circuit-tracer-topk-tensor", "circuit-tracer", SparseAutoencoderKind.TopK, null, null, null, null)]
    public void The_files_say_what_they_are_and_where_they_belong(string name, string format, SparseAutoencoderKind kind, string? input, string? output, string? model, string? neuronpedia)
    {
        using SparseAutoencoder autoencoder = PublishedFixture.Load(name);
        SparseAutoencoderProvenance provenance = autoencoder.Provenance;
        Assert.Equal(format, provenance.Format);
        Assert.Contains(format, SparseAutoencoderFile.Formats);
        Assert.Equal(kind, autoencoder.Kind);
        Assert.Equal(24, autoencoder.FeatureCount);
        Assert.Equal(12, autoencoder.InputWidth);
        Assert.Equal(input, provenance.InputSite?.ToString());
        Assert.Equal(output, provenance.OutputSite?.ToString());
        Assert.Equal(model, provenance.ModelName);
        Assert.Equal(neuronpedia, provenance.NeuronpediaId);
        Assert.Equal(input != output || format == "circuit-tracer", autoencoder.Architecture.IsTranscoder);
    }

    [Fact]
    public void The_caller_may_say_where_an_autoencoder_belongs()
    {
        string path = Path.Combine(PublishedFixture.Folder("tinystories"), "saved.pt");
        using SparseAutoencoder one = SparseAutoencoderFile.Load(path, new() { InputSite = Site.Parse("resid_post.1"), K = 2 });
        Assert.Equal(("resid_post.1", "resid_post.1", 2), (one.Provenance.InputSite.ToString(), one.Provenance.OutputSite.ToString(), one.Architecture.K));
        using SparseAutoencoder other = SparseAutoencoderFile.Load(
            Path.Combine(PublishedFixture.Folder("gemma-scope-residual"), PublishedFixture.Cases["gemma-scope-residual"]),
            new() { InputSite = Site.Parse("mlp_in.1"), OutputSite = Site.Parse("mlp_out.1") });
        Assert.True(other.Architecture.IsTranscoder);
    }

    [Fact]
    public void Circuit_tracers_own_hooks_around_an_mlp_are_what_it_reads_after_its_norm_and_what_it_writes()
    {
        using TemporaryFolder folder = new();
        string from = PublishedFixture.Folder("circuit-tracer-jumprelu");
        File.Copy(Path.Combine(from, "layer_7.safetensors"), folder.PathOf("layer_7.safetensors"));
        string configuration = File.ReadAllText(Path.Combine(from, "config.yaml"));
        File.WriteAllText(
            folder.PathOf("config.yaml"),
            configuration.Replace("hook_resid_mid", "mlp.hook_in", StringComparison.Ordinal).Replace("hook_mlp_out", "\"mlp.hook_out\"", StringComparison.Ordinal));
        using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(folder.PathOf("layer_7.safetensors"));
        Assert.Equal(("mlp_normalized.7", "mlp_out.7", "blocks.7.mlp.hook_in"), (autoencoder.Provenance.InputSite.ToString(), autoencoder.Provenance.OutputSite.ToString(), autoencoder.Provenance.HookName));
    }

    [Fact]
    public void The_caller_may_say_that_activations_are_centred()
    {
        using SparseAutoencoder plain = PublishedFixture.Load("saelens-standard");
        using SparseAutoencoder centered = SparseAutoencoderFile.Load(PublishedFixture.Folder("saelens-standard"), new() { CentersInput = true });
        Assert.Equal(InputNormalization.Centered, centered.Architecture.Normalization);
        float[] x = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 4];
        float[] one = new float[12];
        float[] other = new float[12];
        centered.Reconstruct(x, one);
        plain.Reconstruct(Array.ConvertAll(x, value => value - 4), other);
        Assert.Equal(Array.ConvertAll(other, value => value + 4), one);
        Assert.Contains("centr", Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(Path.Combine(PublishedFixture.Folder("tinystories"), "saved.pt"), new() { CentersInput = true })).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("saelens-standard", null, .5f)]
    [InlineData("gemma-scope-residual", null, .5f)]
    [InlineData("saelens-standard", 3, null)]
    [InlineData("dictionary-learning-topk", 3, null)]
    public void What_the_caller_says_and_the_format_has_no_use_for_is_refused(string name, int? k, float? scale)
    {
        string path = Path.Combine(PublishedFixture.Folder(name), PublishedFixture.Cases[name]);
        Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(path, new() { K = k, ActivationScale = scale }));
    }

    [Fact]
    public void A_folder_that_needs_a_scale_is_refused_without_one()
    {
        InputException exception = Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(PublishedFixture.Folder("saelens-scaled")));
        Assert.Contains("expected_average_only_in", exception.Problem, StringComparison.Ordinal);
        Assert.Contains("scale", exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dictionary_that_could_be_two_things_is_refused_without_its_configuration()
    {
        using TemporaryFolder folder = new();
        File.Copy(Path.Combine(PublishedFixture.Folder("dictionary-learning-topk"), "ae.pt"), folder.PathOf("ae.pt"));
        Assert.Contains("dict_class", Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(folder.Root)).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("saelens-topk", "\"topk\"", "\"temporal\"", "architecture")]
    [InlineData("saelens-topk", "\"layer_norm\"", "\"root_mean_square\"", "normalize_activations")]
    [InlineData("saelens-topk", "\"k\": 5", "\"k\": 25", "k is 25")]
    [InlineData("saelens-topk", "\"k\": 5,", "", "'k'")]
    [InlineData("saelens-topk", "\"d_sae\": 24", "\"d_sae\": 23", "d_sae")]
    [InlineData("saelens-standard", "\"hook_head_index\": null", "\"hook_head_index\": 3", "hook_head_index")]
    [InlineData("saelens-standard", "\"standard\"", "\"gated\"", "b_gate")]
    [InlineData("saelens-standard", "\"standard\"", "7", "architecture")]
    [InlineData("saelens-finetuned", "\"finetuning_scaling_factor\": true", "\"finetuning_scaling_factor\": false", "scaling_factor")]
    [InlineData("sparsify-residual", "\"topk\"", "\"groupmax\"", "activation")]
    [InlineData("sparsify-residual", "\"transcode\": false", "\"embed_skip\": true", "embed_skip")]
    public void What_a_configuration_asks_for_and_is_not_known_is_refused_by_name(string name, string asked, string instead, string named)
    {
        using TemporaryFolder folder = new();
        string from = Path.Combine(PublishedFixture.Folder(name), name.StartsWith("sparsify", StringComparison.Ordinal) ? "layers.10" : "");
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        string text = File.ReadAllText(folder.PathOf("cfg.json"));
        Assert.Contains(asked, text, StringComparison.Ordinal);
        File.WriteAllText(folder.PathOf("cfg.json"), text.Replace(asked, instead, StringComparison.Ordinal));
        InputException exception = Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(folder.Root));
        Assert.Contains(named, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_other_tensors_is_refused_with_their_names()
    {
        using TemporaryFolder folder = new();
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), [new SafeTensorsDeclaration("wte.weight", SafeTensorsDataType.Float32, 1)]))
        {
            writer.Write("wte.weight", [1f]);
            writer.Complete();
        }

        InputException exception = Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(folder.Root));
        Assert.Contains("wte.weight", exception.Problem, StringComparison.Ordinal);
        Assert.Contains("saelens", exception.Remedy, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(folder.PathOf("nothing")));
        Assert.Throws<InputException>(() => SparseAutoencoderFile.Load(PublishedFixture.Folder("")));
    }

    [Theory]
    [InlineData("saelens-standard")]
    [InlineData("saelens-gated")]
    [InlineData("saelens-jumprelu")]
    [InlineData("saelens-topk")]
    [InlineData("saelens-finetuned")]
    [InlineData("saelens-scaled")]
    [InlineData("saelens-centered")]
    [InlineData("saelens-transcoder")]
    [InlineData("saelens-skip-transcoder")]
    [InlineData("saelens-jumprelu-transcoder")]
    [InlineData("openai-topk")]
    [InlineData("dictionary-learning-batchtopk")]
    public void What_is_written_for_SAELens_is_read_again_and_written_the_same(string name)
    {
        using TemporaryFolder folder = new();
        using SparseAutoencoder autoencoder = PublishedFixture.Load(name);
        SaeLensFolder.Save(autoencoder, folder.PathOf("one"));
        using SparseAutoencoder again = SparseAutoencoderFile.Load(folder.PathOf("one"));
        RequireExpected(name, again);
        Assert.Equal(autoencoder.Provenance.InputSite, again.Provenance.InputSite);
        Assert.Equal(autoencoder.Provenance.OutputSite, again.Provenance.OutputSite);
        Assert.Equal(autoencoder.Provenance.ModelName, again.Provenance.ModelName);
        SaeLensFolder.Save(autoencoder, folder.PathOf("two"));
        foreach (string file in (string[])["cfg.json", "sae_weights.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(folder.PathOf("one", file)), File.ReadAllBytes(folder.PathOf("two", file)));
        }
    }

    // The length of a safetensors header, with which the file begins, may read like the first bytes of a pickle or of a zip archive.
    [Theory]
    [InlineData(0x480)]
    [InlineData(0x4B50)]
    public void A_header_whose_length_begins_like_another_kind_of_file_is_read_as_what_it_is(int length)
    {
        using TemporaryFolder folder = new();
        using (SparseAutoencoder autoencoder = PublishedFixture.Load("saelens-jumprelu"))
        {
            SaeLensFolder.Save(autoencoder, folder.PathOf("sae"));
        }

        string file = folder.PathOf("sae", "sae_weights.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        int header = BitConverter.ToInt32(bytes);
        byte[] padding = new byte[length - header];
        Array.Fill(padding, (byte)' ');
        File.WriteAllBytes(file, [.. BitConverter.GetBytes((long)length), .. bytes.AsSpan(sizeof(long), header), .. padding, .. bytes.AsSpan(sizeof(long) + header)]);
        using SparseAutoencoder again = SparseAutoencoderFile.Load(folder.PathOf("sae"));
        RequireExpected("saelens-jumprelu", again);
    }

    [Fact]
    public void What_SAELens_cannot_state_is_not_written()
    {
        using TemporaryFolder folder = new();
        using SparseAutoencoder autoencoder = PublishedFixture.Load("tinystories");
        Assert.Throws<ArgumentException>(() => SaeLensFolder.Save(autoencoder, folder.PathOf("one")));
    }

    [Theory]
    [InlineData("sae_128_4.pt", 128)]
    [InlineData("sae_512_4.pt", 512)]
    [InlineData("sae_1024_4.pt", 1024)]
    public void Trained_torch_files_load_and_keep_four_features(string name, int count)
    {
        string path = SharedData.Require("sae-format", name);
        using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(path);
        Assert.Equal((count, 64, 4), (autoencoder.FeatureCount, autoencoder.InputWidth, autoencoder.Architecture.K));
        using SparseFeatureRows features = new(count);
        autoencoder.Encode([.. Enumerable.Range(0, 640).Select(i => MathF.Sin(i))], features);
        Assert.Equal(40, features.EntryCount);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_files_are_refused_in_one_line_or_read(string name)
    {
        using TemporaryFolder folder = new();
        string from = PublishedFixture.Folder(name);
        string[] files = [.. Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("expected.npz", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            string copy = folder.PathOf(Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        Random random = new(name.Length);
        int refused = 0;
        for (int i = 0; i < 500; i++)
        {
            string file = files[random.Next(files.Length)];
            byte[] valid = File.ReadAllBytes(file);
            string copy = folder.PathOf(Path.GetRelativePath(from, file));
            Mutation.Overwrite(copy, Mutation.Apply(valid, random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(folder.PathOf(PublishedFixture.Cases[name]), PublishedFixture.Options(name));
                using SparseFeatureRows features = new(autoencoder.FeatureCount);
                autoencoder.Encode(new float[autoencoder.InputWidth], features);
                autoencoder.Decode(features, new float[autoencoder.InputWidth], new float[autoencoder.OutputWidth]);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
                refused++;
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
            Mutation.Overwrite(copy, valid);
        }

        Assert.InRange(refused, 50, 500);
    }

    private static void RequireExpected(string name, SparseAutoencoder autoencoder)
    {
        (float[] inputs, double[] expectedFeatures, double[] expectedOutputs) = PublishedFixture.Expected(name);
        int rows = inputs.Length / autoencoder.InputWidth;
        using SparseFeatureRows features = new(autoencoder.FeatureCount);
        autoencoder.Encode(inputs, features);
        float[] outputs = new float[rows * autoencoder.OutputWidth];
        autoencoder.Decode(features, inputs, outputs);
        double[] dense = new double[expectedFeatures.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < features.Indices(row).Length; i++)
            {
                dense[(row * autoencoder.FeatureCount) + features.Indices(row)[i]] = features.Values(row)[i];
            }
        }

        Assert.Equal(expectedFeatures.Count(value => value != 0), features.EntryCount);
        RequireClose(expectedFeatures, dense);
        RequireClose(expectedOutputs, [.. outputs.Select(value => (double)value)]);
    }

    private static void RequireClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-6 * Math.Max(1, Math.Abs(expected[i])));
        }
    }
}
