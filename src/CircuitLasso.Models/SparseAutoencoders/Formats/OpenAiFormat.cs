using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models;

/// <summary>
/// The autoencoders of openai/sparse_autoencoder (GPT-2 small, versions 1 to 5): torch files. TopK ones read activations through a LayerNorm
/// without parameters whose standard deviation is unbiased; ReLU ones read them as they are. Site and layer stand in the published path alone.
/// </summary>
internal sealed partial class OpenAiFormat : ISparseAutoencoderFormat
{
    public string Name => "openai";

    public bool Recognizes(SparseAutoencoderSource source) => source.Torch is not null && source.Has("pre_bias", "encoder.weight", "latent_bias", "decoder.weight");

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        source.RequireOnly("pre_bias", "encoder.weight", "latent_bias", "decoder.weight", "stats_last_nonzero", "latents_activation_frequency", "latents_mean_square");
        SparseAutoencoderArchitecture architecture = Architecture(source);
        using SparseAutoencoderReader reader = new(source);
        reader.ReadEncoder("encoder.weight", MatrixOrder.FeatureRows);
        reader.ReadDecoder("decoder.weight", MatrixOrder.FeatureColumns);
        reader.EncoderBias = reader.PerFeature("latent_bias");
        reader.DecoderBias = reader.PerOutput("pre_bias");
        return reader.Build(architecture, Provenance(source).With(options));
    }

    private static SparseAutoencoderArchitecture Architecture(SparseAutoencoderSource source)
    {
        IReadOnlyDictionary<string, object?> stored = source.Torch!.Dictionary;
        string activation = stored.GetValueOrDefault("activation") switch
        {
            null => "ReLU",
            string text => text,
            _ => throw source.Bad("has an 'activation' that is not a string"),
        };
        if (activation == "ReLU")
        {
            return new() { Kind = SparseAutoencoderKind.Standard, SubtractsDecoderBias = true };
        }

        if (activation != "TopK" || stored.GetValueOrDefault("activation_state_dict") is not Dictionary<string, object?> state)
        {
            throw source.Bad($"has the activation '{activation}' where ReLU, or TopK with its k, is known");
        }

        return new()
        {
            Kind = SparseAutoencoderKind.TopK,
            K = state.GetValueOrDefault("k") is long and > 0 and <= int.MaxValue and var k ? (int)k : throw source.Bad("has no k for its TopK activation"),
            KeepsNegative = state.GetValueOrDefault("postact_fn") switch
            {
                null or "ReLU" => false,
                "Identity" => true,
                _ => throw source.Bad("has a TopK activation followed by something other than ReLU or Identity"),
            },
            SubtractsDecoderBias = true,
            Normalization = InputNormalization.LayerNorm,
        };
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source)
    {
        Match match = PublishedPath().Match(source.FullPath);
        string model = source.FullPath.Contains("gpt2-small", StringComparison.Ordinal) ? "gpt2-small" : "gpt2";
        SparseAutoencoderProvenance provenance = new() { Format = Name, Path = source.Path };
        if (!match.Success)
        {
            return provenance;
        }

        int layer = int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture);
        (SiteKind kind, string hook, string source32) = match.Groups["location"].Value switch
        {
            "resid_delta_attn" => (SiteKind.AttentionOutput, "hook_attn_out", "att"),
            "resid_post_attn" => (SiteKind.ResidualMiddle, "hook_resid_mid", "res_mid"),
            "resid_delta_mlp" => (SiteKind.MlpOutput, "hook_mlp_out", "mlp"),
            "resid_post_mlp" => (SiteKind.ResidualAfter, "hook_resid_post", "res_post"),
            _ => (SiteKind.MlpHidden, "mlp.hook_post", string.Empty),
        };
        string version = match.Groups["version"].Value;
        Site site = new(kind, layer);
        return provenance with
        {
            InputSite = site,
            OutputSite = site,
            HookName = $"blocks.{layer}.{hook}",
            ModelName = model,
            NeuronpediaId = version is "_v5_32k" or "_v5_128k" && source32.Length > 0 ? $"gpt2-small/{layer}-{source32}_{version[4..]}-oai" : null,
        };
    }

    [GeneratedRegex(@"/(?<location>resid_delta_attn|resid_post_attn|resid_delta_mlp|resid_post_mlp|mlp_post_act)(?<version>_v[0-9]+[a-z0-9_]*)?/(?:autoencoders/)?(?<layer>[0-9]{1,4})\.pt$", RegexOptions.CultureInvariant)]
    private static partial Regex PublishedPath();
}
