using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class ConfigurationTests
{
    private const string Llama = """
        {"model_type":"llama","hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,"intermediate_size":4,"vocab_size":5
        """;

    private const string NeoX = """
        {"model_type":"gpt_neox","hidden_size":16,"num_attention_heads":2,"num_hidden_layers":2,"intermediate_size":4,"vocab_size":5
        """;

    private const string Qwen2 = """
        {"model_type":"qwen2","hidden_size":8,"num_attention_heads":2,"num_hidden_layers":2,"intermediate_size":4,"vocab_size":5
        """;

    private const string Qwen3 = """
        {"model_type":"qwen3","hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,"num_hidden_layers":2,"intermediate_size":4,"vocab_size":5
        """;

    private const string Gemma2 = """
        {"model_type":"gemma2","hidden_size":9,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":4,"num_hidden_layers":2,"intermediate_size":4,"vocab_size":5
        """;

    [Theory]
    [InlineData("{\"model_type\":\"mamba\"}", "architecture 'mamba'")]
    [InlineData("{}", "no field 'model_type'")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData(Llama + ",\"num_key_value_heads\":3}", "do not divide")]
    [InlineData(Llama + ",\"hidden_act\":\"softplus\"}", "softplus")]
    [InlineData(Llama + ",\"rope_scaling\":{\"rope_type\":\"yarn\"}}", "yarn")]
    [InlineData(Llama + ",\"head_dim\":3}", "even head width")]
    [InlineData(Llama + ",\"head_dim\":-4}", "head_dim")]
    [InlineData(Llama + ",\"rms_norm_eps\":\"small\"}", "rms_norm_eps")]
    [InlineData(Llama + ",\"num_attention_heads\":16777216,\"head_dim\":256}", "heads of width")]
    [InlineData(Llama + ",\"partial_rotary_factor\":0.5}", "partial_rotary_factor")]
    [InlineData(Llama + ",\"rope_parameters\":{\"rope_type\":\"default\",\"partial_rotary_factor\":0.5}}", "partial_rotary_factor")]
    [InlineData(Llama + ",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4,\"original_max_position_embeddings\":32}}", "high_freq_factor")]
    [InlineData(Llama + ",\"rope_scaling\":{\"rope_type\":\"\\ud800\"}}", "not valid")]
    [InlineData(Llama + ",\"rope_scaling\":{\"rope_type\":\"default\",\"attention_factor\":2}}", "attention_factor")]
    [InlineData(Llama + ",\"rope_parameters\":{\"full_attention\":{\"rope_theta\":10}}}", "full_attention")]
    [InlineData(Llama + ",\"quantization_config\":{\"bits\":4}}", "quantization_config")]
    [InlineData(Llama + ",\"residual_multiplier\":0.5}", "residual_multiplier")]
    [InlineData(NeoX + ",\"rotary_pct\":0.2}", "rotary_pct")]
    [InlineData(NeoX + ",\"rotary_pct\":1.5}", "rotary_pct")]
    [InlineData(NeoX + ",\"num_attention_heads\":3}", "do not divide")]
    [InlineData(NeoX + ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}}", "linear")]
    [InlineData(NeoX + ",\"hidden_act\":\"gelu_fast\"}", "gelu_fast")]
    [InlineData(Qwen2 + "}", "num_key_value_heads")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"layer_types\":[\"full_attention\",\"sliding_attention\"]}", "no window is set")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"layer_types\":[\"full_attention\"]}", "each of 2 layers")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"layer_types\":[\"full_attention\",\"linear_attention\"]}", "layer_types")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"layer_types\":\"full_attention\"}", "a list of strings")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"use_sliding_window\":true,\"sliding_window\":0}", "sliding_window")]
    [InlineData(Qwen2 + ",\"num_key_value_heads\":2,\"use_mrope\":true}", "use_mrope")]
    [InlineData(Qwen3 + ",\"head_dim\":5}", "even head width")]
    [InlineData(Qwen3 + ",\"qk_norm\":true}", "qk_norm")]
    [InlineData(Gemma2 + ",\"attention_bias\":true}", "attention_bias")]
    [InlineData(Gemma2 + ",\"use_bidirectional_attention\":true}", "use_bidirectional_attention")]
    [InlineData(Gemma2 + ",\"hidden_act\":\"silu\"}", "hidden_act")]
    [InlineData(Gemma2 + ",\"attn_logit_softcapping\":0}", "attn_logit_softcapping")]
    [InlineData(Gemma2 + ",\"final_logit_softcapping\":-30}", "final_logit_softcapping")]
    [InlineData(Gemma2 + ",\"sliding_window\":null,\"layer_types\":[\"sliding_attention\",\"full_attention\"]}", "no window is set")]
    [InlineData(Gemma2 + ",\"sliding_window_pattern\":3}", "sliding_window_pattern")]
    [InlineData("{\"model_type\":\"gpt2\",\"n_embd\":8,\"n_head\":2,\"n_layer\":1,\"n_positions\":4,\"vocab_size\":5,\"alibi\":true}", "alibi")]
    [InlineData("{\"model_type\":\"\\ud800\"}", "not valid")]
    [InlineData("{\"\\ud800odel_type\":\"gpt2\"}", "not valid")]
    public void A_config_that_cannot_be_run_is_refused_with_its_reason(string json, string reason)
    {
        InputException exception = Assert.Throws<InputException>(() =>
        {
            Parse(json);
        });
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("config.json", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("llama31")]
    [InlineData("gpt_neox")]
    [InlineData("gpt_neox_seq")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    public void The_key_names_of_transformers_5_mean_the_same(string family)
    {
        ModelDescription old = Describe(SharedData.Require("families", family, "config.json"));
        ModelDescription renamed = Describe(SharedData.Require("families", "config_v5", family + ".json"));
        Assert.Equal(old with { Attention = null!, }, renamed with { Attention = null! });
        Assert.Equal(old.Attention.Rotary?.InverseFrequencies ?? [], renamed.Attention.Rotary?.InverseFrequencies ?? []);
        Assert.Equal(old.Attention.ScoreScales, renamed.Attention.ScoreScales);
        Assert.Equal(old.Attention.Windows, renamed.Attention.Windows);
        Assert.Equal(
            old.Attention with { Rotary = null, ScoreScales = [], Windows = [] },
            renamed.Attention with { Rotary = null, ScoreScales = [], Windows = [] },
            (a, b) => a!.ToString() == b!.ToString());
    }

    [Fact]
    public void Settings_that_change_nothing_are_passed_over()
    {
        ModelDescription plain = Parse(Llama + "}");
        ModelDescription full = Parse(Llama + """
            ,"architectures":["LlamaForCausalLM"],"attention_dropout":0.1,"bos_token_id":1,"eos_token_id":[2,3],"initializer_range":0.02,"pretraining_tp":2,"use_cache":true,
             "torch_dtype":"bfloat16","transformers_version":"4.46.3","_name_or_path":"x/y","id2label":{"0":"a"},"temperature":0.7,"is_llama_config":true,"rope_interleaved":false,"some_switch":false,"another":null,"pruned_heads":{}}
            """);
        Assert.Equal(plain with { Attention = full.Attention }, full);
    }

    [Fact]
    public void Windows_follow_layer_types_or_the_rule_of_the_family()
    {
        const string Window = ",\"num_key_value_heads\":2,\"use_sliding_window\":true,\"sliding_window\":7";
        Assert.Empty(Parse(Qwen2 + ",\"num_key_value_heads\":2,\"sliding_window\":7,\"max_window_layers\":0}").Attention.Windows);
        Assert.Empty(Parse(Qwen2 + Window + "}").Attention.Windows);
        Assert.Equal([null, 7], Parse(Qwen2 + Window + ",\"max_window_layers\":1}").Attention.Windows);
        Assert.Equal([7, null], Parse(Qwen2 + Window + ",\"max_window_layers\":1,\"layer_types\":[\"sliding_attention\",\"full_attention\"]}").Attention.Windows);
        Assert.Equal([4096, null], Parse(Gemma2 + "}").Attention.Windows);
        Assert.Equal([null, 5], Parse(Gemma2 + ",\"sliding_window\":5,\"layer_types\":[\"full_attention\",\"sliding_attention\"]}").Attention.Windows);
        Assert.Empty(Parse(Gemma2 + ",\"sliding_window\":null}").Attention.Windows);
    }

    [Fact]
    public void Gemma_2_has_its_own_values_where_the_config_is_silent_and_null_switches_limits_off()
    {
        ModelDescription silent = Parse(Gemma2 + "}");
        Assert.Equal((3f, 30f, 50f, 1f, true), (silent.EmbeddingScale, silent.LogitSoftCap, silent.Attention.ScoreSoftCap, silent.Normalization.GainOffset, silent.TiedEmbeddings));
        Assert.Equal(1 / 16f, silent.Attention.ScoreScales[0]);
        ModelDescription off = Parse(Gemma2 + ",\"attn_logit_softcapping\":null,\"final_logit_softcapping\":null,\"query_pre_attn_scalar\":4}");
        Assert.Equal(((float?)null, (float?)null, 0.5f), (off.LogitSoftCap, off.Attention.ScoreSoftCap, off.Attention.ScoreScales[1]));
    }

    private static ModelDescription Describe(string path) => Describe(ModelConfiguration.Parse(path, File.ReadAllBytes(path)));

    private static ModelDescription Parse(string json) => Describe(ModelConfiguration.Parse("config.json", Encoding.UTF8.GetBytes(json)));

    private static ModelDescription Describe(ModelConfiguration configuration) => ModelFamilies.Find(configuration).Describe(configuration);
}
