using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class ConfigurationTests
{
    private const string Llama = """
        {"model_type":"llama","hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,"intermediate_size":4,"vocab_size":5
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
    [InlineData("{\"model_type\":\"\\ud800\"}", "not valid")]
    [InlineData("{\"\\ud800odel_type\":\"gpt2\"}", "not valid")]
    public void A_config_that_cannot_be_run_is_refused_with_its_reason(string json, string reason)
    {
        InputException exception = Assert.Throws<InputException>(() =>
        {
            ModelConfiguration configuration = ModelConfiguration.Parse("config.json", Encoding.UTF8.GetBytes(json));
            ModelFamilies.Find(configuration).Describe(configuration);
        });
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("config.json", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("llama31")]
    public void The_key_names_of_transformers_5_mean_the_same(string family)
    {
        ModelDescription old = Describe(SharedData.Require("families", family, "config.json"));
        ModelDescription renamed = Describe(SharedData.Require("families", "config_v5", family + ".json"));
        Assert.Equal(old with { Attention = null!, }, renamed with { Attention = null! });
        Assert.Equal(old.Attention.Rotary?.InverseFrequencies ?? [], renamed.Attention.Rotary?.InverseFrequencies ?? []);
        Assert.Equal(old.Attention.ScoreScales, renamed.Attention.ScoreScales);
        Assert.Equal(
            old.Attention with { Rotary = null, ScoreScales = [] },
            renamed.Attention with { Rotary = null, ScoreScales = [] },
            (a, b) => a!.ToString() == b!.ToString());
    }

    private static ModelDescription Describe(string path)
    {
        ModelConfiguration configuration = ModelConfiguration.Parse(path, File.ReadAllBytes(path));
        return ModelFamilies.Find(configuration).Describe(configuration);
    }
}
