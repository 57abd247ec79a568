using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models;

/// <summary>
/// Folders of EleutherAI/sparsify, one for each hook point and named after it: <c>cfg.json</c> and <c>sae.safetensors</c>. TopK of what is
/// above 0; the decoder's bias is subtracted from the input unless it is a transcoder. <c>W_dec</c> has one row for each feature, like the encoder.
/// </summary>
internal sealed partial class SparsifyFormat : ISparseAutoencoderFormat
{
    private static readonly string[] _names = ["encoder.weight", "encoder.bias", "W_dec", "b_dec"];

    public string Name => "sparsify";

    public bool Recognizes(SparseAutoencoderSource source) => source.Torch is null && source.Has(_names);

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        ModelConfiguration configuration = source.Configuration ?? throw source.Bad("has no cfg.json beside it, which says its k");
        configuration.RequireAmong("activation", "\"topk\"");
        configuration.RequireAmong("embed_skip", "false");
        configuration.RequireAmong("gram_lookup", "false");
        configuration.RequireAmong("signed", "false");
        bool transcoder = configuration.Flag("transcode", false);
        bool skip = configuration.Flag("skip_connection", false);
        source.RequireOnly(skip ? [.. _names, "W_skip"] : _names);
        using SparseAutoencoderReader reader = new(source);
        reader.ReadEncoder("encoder.weight", MatrixOrder.FeatureRows);
        reader.ReadDecoder("W_dec", MatrixOrder.FeatureRows);
        if (configuration.Integer("d_in") != reader.InputWidth)
        {
            throw configuration.Unsupported("d_in", $"the weights read width {reader.InputWidth}");
        }

        reader.EncoderBias = reader.PerFeature("encoder.bias");
        reader.DecoderBias = reader.PerOutput("b_dec");
        if (skip)
        {
            if (!source.Has("W_skip"))
            {
                throw source.Bad("has no W_skip, and its cfg.json says skip_connection");
            }

            reader.ReadSkip("W_skip");
        }

        SparseAutoencoderProvenance provenance = Provenance(source, transcoder).With(options);
        SparseAutoencoderArchitecture architecture = new()
        {
            Kind = SparseAutoencoderKind.TopK,
            K = options.K ?? configuration.Integer("k"),
            SubtractsDecoderBias = !transcoder,
            IsTranscoder = transcoder || skip || provenance.IsTranscoder(),
        };
        return reader.Build(architecture, provenance);
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source, bool transcoder)
    {
        Match match = HookPoint().Match(source.FullPath);
        SparseAutoencoderProvenance provenance = new() { Format = Name, Path = source.Path };
        if (!match.Success)
        {
            return provenance;
        }

        int layer = match.Groups["layer"].Success ? int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : -1;
        SiteKind kind = (layer, match.Groups["module"].Value) switch
        {
            ( < 0, _) => SiteKind.Embedding,
            (_, "") => SiteKind.ResidualAfter,
            (_, "mlp") => SiteKind.MlpOutput,
            _ => SiteKind.AttentionOutput,
        };
        Site site = new(kind, layer);
        return provenance with
        {
            InputSite = transcoder ? (kind == SiteKind.MlpOutput ? new Site(SiteKind.MlpNormalized, layer) : null) : site,
            OutputSite = site,
            HookName = match.Groups["hook"].Value,
        };
    }

    [GeneratedRegex(@"/(?<hook>(?:[a-z_]+\.)*?(?:embed_tokens|embed_in|wte|(?:layers|h)\.(?<layer>[0-9]{1,4})(?:\.(?<module>mlp|attn|attention|self_attn))?))/[^/]+$", RegexOptions.CultureInvariant)]
    private static partial Regex HookPoint();
}
