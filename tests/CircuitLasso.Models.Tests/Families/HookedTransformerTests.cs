using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class HookedTransformerTests
{
    public static TheoryData<string?, bool, string> Choices
    {
        get
        {
            TheoryData<string?, bool, string> data = new();
            foreach (string? norm in (string?[])[null, "LN", "LNPre", "RMS", "RMSPre"])
            {
                foreach (string activation in (string[])["gelu", "gelu_new", "relu", "silu"])
                {
                    data.Add(norm, true, activation);
                    data.Add(norm, false, activation);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void The_layout_means_what_TransformerLens_computes_with_it(string? norm, bool causal, string activation)
    {
        using HookedTransformerFiles files = new(norm, causal, activation);
        using TransformerModel model = ModelCheckpoint.Load(files.Folder);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        foreach (int[] text in (int[][])[[3], [1, 6, 0, 2], [5, 5, 4, 1, 2, 0]])
        {
            Tensor logits = model.Forward(new TokenBatch([text]));
            Assert.Equal([1, text.Length, HookedTransformerFiles.Outputs], logits.Shape.ToArray());
            float[] actual = logits.ToArray();
            double[,] expected = files.Forward(text);
            for (int i = 0; i < actual.Length; i++)
            {
                double value = expected[i / HookedTransformerFiles.Outputs, i % HookedTransformerFiles.Outputs];
                Assert.True(Math.Abs(actual[i] - value) <= 1e-5, $"{i}: {actual[i]} and not {value}");
            }
        }
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("LNPre", false)]
    [InlineData("LN", true)]
    [InlineData("RMS", true)]
    [InlineData("RMSPre", false)]
    public void A_saved_model_has_the_bytes_that_it_was_read_from(string? norm, bool causal)
    {
        using HookedTransformerFiles files = new(norm, causal);
        using TemporaryFolder folder = new();
        using TransformerModel model = ModelCheckpoint.Load(files.Folder);
        ModelCheckpoint.SaveHookedTransformer(model, folder.PathOf("saved"));
        Assert.Equal(File.ReadAllBytes(files.TensorPath), File.ReadAllBytes(folder.PathOf("saved", "model.safetensors")));
        using TransformerModel again = ModelCheckpoint.Load(folder.PathOf("saved"));
        Assert.Equal(model.Description with { Attention = again.Description.Attention }, again.Description);
        ModelCheckpoint.SaveHookedTransformer(again, folder.PathOf("again"));
        Assert.Equal(File.ReadAllBytes(folder.PathOf("saved", "config.json")), File.ReadAllBytes(folder.PathOf("again", "config.json")));
    }

    [Fact]
    public void Masks_that_old_files_hold_are_passed_over()
    {
        using HookedTransformerFiles files = new("LNPre", true, masks: true);
        using TransformerModel model = ModelCheckpoint.Load(files.Folder);
        Assert.Equal(HookedTransformerFiles.Outputs, model.Description.OutputSize);
        Assert.False(model.Description.PredictsTokens);
    }

    [Theory]
    [InlineData("\"d_vocab_out\":4", "\"d_vocab_out\":5", "unembed.W_U")]
    [InlineData("\"d_head\":5", "\"d_head\":6", "attn.W_Q")]
    [InlineData("\"normalization_type\":null", "\"normalization_type\":\"LN\"", "ln1.w")]
    [InlineData("\"n_layers\":2", "\"n_layers\":1", "blocks.1.")]
    public void A_config_of_other_weights_is_refused_with_the_tensor(string text, string changed, string tensor)
    {
        using HookedTransformerFiles files = new(null, true);
        Assert.Contains(text, files.Configuration, StringComparison.Ordinal);
        files.WriteConfiguration(files.Configuration.Replace(text, changed, StringComparison.Ordinal));
        InputException exception = Assert.Throws<InputException>(() => ModelCheckpoint.Load(files.Folder));
        Assert.Contains(tensor, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"normalization_type\":\"BatchNorm\"", "BatchNorm")]
    [InlineData("\"normalization_type\":3", "normalization_type")]
    [InlineData("\"attention_dir\":\"backward\"", "backward")]
    [InlineData("\"d_vocab_out\":0", "d_vocab_out")]
    [InlineData("\"d_vocab_out\":-2", "d_vocab_out")]
    [InlineData("\"d_head\":16777216", "heads of width")]
    [InlineData("\"d_head\":0", "d_head")]
    [InlineData("\"act_fn\":\"solu_ln\"", "solu_ln")]
    [InlineData("\"act_fn\":null", "act_fn")]
    [InlineData("\"attn_only\":true", "attn_only")]
    [InlineData("\"gated_mlp\":true", "gated_mlp")]
    [InlineData("\"use_attn_scale\":false", "use_attn_scale")]
    [InlineData("\"attn_scale\":1.0", "attn_scale")]
    [InlineData("\"positional_embedding_type\":\"rotary\"", "positional_embedding_type")]
    [InlineData("\"output_logits_soft_cap\":30.0", "output_logits_soft_cap")]
    [InlineData("\"n_key_value_heads\":1", "n_key_value_heads")]
    [InlineData("\"num_experts\":4", "num_experts")]
    [InlineData("\"eps\":0", "eps")]
    [InlineData("\"n_layers\":100000", "n_layers")]
    [InlineData("\"final_rms\":true", "final_rms")]
    [InlineData("\"use_qk_norm\":true", "use_qk_norm")]
    [InlineData("\"use_normalization_before_and_after\":true", "use_normalization_before_and_after")]
    [InlineData("\"some_new_thing\":0.5", "some_new_thing")]
    public void A_setting_that_is_not_supported_is_refused_by_name(string setting, string reason)
    {
        const string Fields = """
            {"model_type":"hooked_transformer","n_layers":1,"n_heads":2,"d_head":4,"d_model":8,"n_ctx":4,"d_vocab":5,"act_fn":"gelu"
            """;
        InputException exception = Assert.Throws<InputException>(() => Describe(Fields + "," + setting + "}"));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        ModelDescription plain = Describe(Fields + ",\"output_logits_soft_cap\":-1.0,\"attn_scale\":2.0,\"attn_only\":false,\"num_experts\":null}");
        Assert.Equal((5, 32, NormalizationKind.Layer, true), (plain.OutputSize, plain.Mlp.HiddenWidth, plain.Normalization.Kind, plain.Attention.Causal));
    }

    [Fact]
    public void Every_field_that_TransformerLens_writes_for_a_plain_model_is_accounted_for()
    {
        const string Written = """
            {"model_type":"hooked_transformer","n_layers":2,"d_model":20,"n_ctx":10,"d_head":5,"model_name":"custom","n_heads":4,"d_mlp":80,"act_fn":"gelu","d_vocab":7,"eps":1e-05,
             "use_attn_result":true,"use_attn_scale":true,"attn_scale":-1.0,"use_split_qkv_input":true,"use_hook_mlp_in":true,"use_attn_in":false,"use_local_attn":false,"ungroup_grouped_query_attention":false,
             "original_architecture":null,"from_checkpoint":false,"checkpoint_index":null,"checkpoint_label_type":null,"checkpoint_value":null,"tokenizer_name":null,"window_size":null,
             "attn_types":null,"init_mode":"gpt2","normalization_type":null,"device":"cpu","n_devices":1,"attention_dir":"bidirectional","attn_only":false,"seed":0,"initializer_range":0.14,
             "init_weights":true,"scale_attn_by_inverse_layer_idx":false,"positional_embedding_type":"standard","final_rms":false,"d_vocab_out":3,"parallel_attn_mlp":false,"rotary_dim":null,
             "n_params":9600,"use_hook_tokens":false,"gated_mlp":false,"default_prepend_bos":true,"dtype":"torch.float32","tokenizer_prepends_bos":null,"n_key_value_heads":null,
             "post_embedding_ln":false,"rotary_base":10000,"trust_remote_code":false,"rotary_adjacent_pairs":false,"load_in_4bit":false,"num_experts":null,"experts_per_token":null,
             "relative_attention_max_distance":null,"relative_attention_num_buckets":null,"decoder_start_token_id":null,"tie_word_embeddings":false,"use_normalization_before_and_after":false,
             "attn_scores_soft_cap":-1.0,"output_logits_soft_cap":-1.0,"use_NTK_by_parts_rope":false,"NTK_by_parts_low_freq_factor":1.0,"NTK_by_parts_high_freq_factor":4.0,"NTK_by_parts_factor":8.0}
            """;
        ModelDescription description = Describe(Written);
        Assert.Equal((NormalizationKind.None, false, 3, 80), (description.Normalization.Kind, description.Attention.Causal, description.OutputSize, description.Mlp.HiddenWidth));
        Assert.Equal(1 / Math.Sqrt(5), description.Attention.ScoreScales[1], 1e-6);
    }

    [Fact]
    public void Damaged_files_are_refused_or_run()
    {
        using HookedTransformerFiles files = new("LN", true);
        byte[] configuration = Encoding.UTF8.GetBytes(files.Configuration);
        byte[] tensors = File.ReadAllBytes(files.TensorPath);
        Random random = new(3);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = round % 2 == 0 ? [.. configuration] : [.. tensors];
            int range = round % 2 == 0 ? damaged.Length : 3000;
            for (int flip = 0; flip <= round % 3; flip++)
            {
                damaged[random.Next(range)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(Path.Combine(files.Folder, "config.json"), round % 2 == 0 ? damaged : configuration);
            File.WriteAllBytes(files.TensorPath, round % 2 == 0 ? tensors : damaged[..(round % 5 == 0 ? random.Next(damaged.Length) : damaged.Length)]);
            try
            {
                using TransformerModel model = ModelCheckpoint.Load(files.Folder);
                Assert.Equal(HookedTransformerFiles.Layers, model.Description.Layers);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 300);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("gemma")]
    [InlineData("qwen")]
    [InlineData("neox")]
    public void A_model_of_another_architecture_is_not_saved_in_this_layout(string architecture)
    {
        using TemporaryFolder folder = new();
        using TransformerModel model = TinyTransformers.Create(architecture);
        Assert.Throws<ArgumentException>(() => ModelCheckpoint.SaveHookedTransformer(model, folder.PathOf("model")));
        Assert.False(Directory.Exists(folder.PathOf("model")));
    }

    [Fact]
    public void Tied_embeddings_with_other_outputs_are_refused()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        ModelDescription description = model.Description with { OutputSize = 3 };
        using ModelParameters parameters = ParameterInitializer.Random(description, 1);
        Assert.Throws<ArgumentException>(() => new TransformerModel(description, parameters));
    }

    private static ModelDescription Describe(string json)
    {
        ModelConfiguration configuration = ModelConfiguration.Parse("config.json", Encoding.UTF8.GetBytes(json));
        return ModelFamilies.Find(configuration).Describe(configuration);
    }
}
