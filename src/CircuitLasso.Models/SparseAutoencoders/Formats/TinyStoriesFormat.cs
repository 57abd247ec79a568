using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models;

/// <summary>
/// The TopK autoencoders of prestoj/tinystories_sae: torch files whose k stands only in the name under which they were saved,
/// <c>sae_FEATURES_K</c>. The k largest are kept as they are, also below 0.
/// </summary>
internal sealed partial class TinyStoriesFormat : ISparseAutoencoderFormat
{
    private static readonly string[] _names = ["pre_bias", "encoder_bias", "encoder_weights", "decoder_weights"];

    public string Name => "tinystories_sae";

    public bool Recognizes(SparseAutoencoderSource source) => source.Torch is not null && source.Has(_names);

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        source.RequireOnly(_names);
        using SparseAutoencoderReader reader = new(source);
        reader.ReadEncoder("encoder_weights", MatrixOrder.FeatureColumns);
        reader.ReadDecoder("decoder_weights", MatrixOrder.FeatureRows);
        reader.EncoderBias = reader.PerFeature("encoder_bias");
        reader.DecoderBias = reader.PerOutput("pre_bias");
        Match match = SavedName().Match(source.Torch!.ArchiveName);
        int k = options.K
            ?? (match.Success && match.Groups["features"].Value == reader.FeatureCount.ToString(CultureInfo.InvariantCulture)
                ? int.Parse(match.Groups["k"].ValueSpan, CultureInfo.InvariantCulture)
                : throw source.Bad("does not say its k, the number of features kept", "state k"));
        SparseAutoencoderArchitecture architecture = new() { Kind = SparseAutoencoderKind.TopK, K = k, KeepsNegative = true, SubtractsDecoderBias = true };
        return reader.Build(architecture, new SparseAutoencoderProvenance { Format = Name, Path = source.Path }.With(options));
    }

    [GeneratedRegex("^sae_(?<features>[0-9]{1,9})_(?<k>[0-9]{1,9})$", RegexOptions.CultureInvariant)]
    private static partial Regex SavedName();
}
