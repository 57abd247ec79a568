using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models;

/// <summary>
/// <c>ae.pt</c> of saprmarks/dictionary_learning, with its <c>config.json</c> where there is one. Each of its classes has tensors of its own, but
/// for TopK and BatchTopK, which <c>trainer.dict_class</c> tells apart. The plain class is read as its own loader reads it: features in
/// units in which decoder directions have length 1. BatchTopK keeps what is above its one trained threshold.
/// </summary>
internal sealed partial class DictionaryLearningFormat : ISparseAutoencoderFormat
{
    private static readonly string[] _plain = ["bias", "encoder.weight", "encoder.bias", "decoder.weight"];
    private static readonly string[] _new = ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"];
    private static readonly string[] _gated = ["decoder_bias", "encoder.weight", "r_mag", "gate_bias", "mag_bias", "decoder.weight"];
    private static readonly string[] _jump = ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"];
    private static readonly string[] _matryoshka = ["W_enc", "b_enc", "W_dec", "b_dec", "threshold", "k", "group_sizes"];
    private static readonly string[] _topK = ["b_dec", "encoder.weight", "encoder.bias", "decoder.weight", "k"];

    public string Name => "dictionary_learning";

    public bool Recognizes(SparseAutoencoderSource source) =>
        source.Torch is not null
        && (source.Has(_plain) || source.Has(_new) || source.Has(_gated) || source.Has(_jump) || source.Has(_topK));

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        ModelConfiguration? trainer = source.Configuration?.Section("trainer");
        string? dictionaryClass = trainer?.Has("dict_class") == true ? trainer.Text("dict_class") : null;
        SparseAutoencoderProvenance provenance = Provenance(source, trainer).With(options) with { Architecture = dictionaryClass };
        using SparseAutoencoderReader reader = new(source);
        return source.Has(_matryoshka) ? LoadJump(source, reader, provenance, _matryoshka)
            : source.Has(_jump) ? LoadJump(source, reader, provenance, _jump)
            : source.Has(_gated) ? LoadGated(source, reader, provenance)
            : source.Has(_topK) ? LoadTopK(source, reader, provenance, dictionaryClass)
            : LoadStandard(source, reader, provenance);
    }

    private static SparseAutoencoder LoadStandard(SparseAutoencoderSource source, SparseAutoencoderReader reader, SparseAutoencoderProvenance provenance)
    {
        bool plain = source.Has(_plain);
        source.RequireOnly(plain ? _plain : _new);
        ReadLinear(reader);
        reader.EncoderBias = reader.PerFeature("encoder.bias");
        reader.DecoderBias = reader.PerOutput(plain ? "bias" : "decoder.bias");
        if (plain)
        {
            reader.NormalizeDecoder(unlessNearOne: true);
        }

        return reader.Build(new() { Kind = SparseAutoencoderKind.Standard, SubtractsDecoderBias = plain }, provenance);
    }

    private static SparseAutoencoder LoadGated(SparseAutoencoderSource source, SparseAutoencoderReader reader, SparseAutoencoderProvenance provenance)
    {
        source.RequireOnly(_gated);
        ReadLinear(reader);
        reader.DecoderBias = reader.PerOutput("decoder_bias");
        reader.GateBias = reader.PerFeature("gate_bias");
        reader.MagnitudeScale = Array.ConvertAll(reader.PerFeature("r_mag"), MathF.Exp);
        reader.MagnitudeBias = reader.PerFeature("mag_bias");
        return reader.Build(new() { Kind = SparseAutoencoderKind.Gated, SubtractsDecoderBias = true }, provenance);
    }

    private static SparseAutoencoder LoadJump(SparseAutoencoderSource source, SparseAutoencoderReader reader, SparseAutoencoderProvenance provenance, string[] names)
    {
        source.RequireOnly(names);
        reader.ReadEncoder("W_enc", MatrixOrder.FeatureColumns);
        reader.ReadDecoder("W_dec", MatrixOrder.FeatureRows);
        reader.EncoderBias = reader.PerFeature("b_enc");
        reader.DecoderBias = reader.PerOutput("b_dec");
        bool matryoshka = names == _matryoshka;
        reader.Thresholds = matryoshka ? OneThreshold(source, reader) : reader.PerFeature("threshold");
        return reader.Build(new() { Kind = SparseAutoencoderKind.JumpRelu, SubtractsDecoderBias = matryoshka }, provenance);
    }

    private static SparseAutoencoder LoadTopK(SparseAutoencoderSource source, SparseAutoencoderReader reader, SparseAutoencoderProvenance provenance, string? dictionaryClass)
    {
        source.RequireOnly([.. _topK, "threshold"]);
        ReadLinear(reader);
        reader.EncoderBias = reader.PerFeature("encoder.bias");
        reader.DecoderBias = reader.PerOutput("b_dec");
        switch (dictionaryClass)
        {
            case "AutoEncoderTopK":
                long k = source.Tensors.ReadInteger("k");
                return k is > 0 and <= int.MaxValue
                    ? reader.Build(new() { Kind = SparseAutoencoderKind.TopK, K = (int)k, SubtractsDecoderBias = true }, provenance)
                    : throw source.Bad($"has a k of {k}");
            case "BatchTopKSAE":
                reader.Thresholds = OneThreshold(source, reader);
                return reader.Build(new() { Kind = SparseAutoencoderKind.JumpRelu, SubtractsDecoderBias = true }, provenance);
            default:
                throw source.Bad(
                    $"may be a TopK or a BatchTopK autoencoder, and its dict_class is {(dictionaryClass is null ? "not given" : $"'{dictionaryClass}'")}",
                    "put the config.json that was published with it beside it (trainer.dict_class: AutoEncoderTopK or BatchTopKSAE)");
        }
    }

    private static void ReadLinear(SparseAutoencoderReader reader)
    {
        reader.ReadEncoder("encoder.weight", MatrixOrder.FeatureRows);
        reader.ReadDecoder("decoder.weight", MatrixOrder.FeatureColumns);
    }

    private static float[] OneThreshold(SparseAutoencoderSource source, SparseAutoencoderReader reader)
    {
        if (!source.Has("threshold"))
        {
            throw source.Bad("has no threshold, by which BatchTopK is used");
        }

        float threshold = reader.Number("threshold");
        return [.. Enumerable.Repeat(threshold, reader.FeatureCount)];
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source, ModelConfiguration? trainer)
    {
        string? submodule = trainer?.Has("submodule_name") == true ? trainer.Text("submodule_name") : null;
        string? model = trainer?.Has("lm_name") == true ? trainer.Text("lm_name") : null;
        ModelConfiguration? buffer = source.Configuration?.Section("buffer");
        Match match = PublishedSegment().Matches(source.FullPath).LastOrDefault() ?? PublishedSegment().Match($"/{submodule}/");
        Site? site = null;
        string? neuronpedia = null;
        if (match.Success)
        {
            int layer = match.Groups["layer"].Success ? int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture) : -1;
            (SiteKind kind, string letters) = match.Groups["kind"].Value switch
            {
                "embed" => (SiteKind.Embedding, "res"),
                "attn_out" => (SiteKind.AttentionOutput, "att"),
                "mlp_out" => (SiteKind.MlpOutput, "mlp"),
                _ => (SiteKind.ResidualAfter, "res"),
            };
            site = new Site(kind, layer);
            if (source.FullPath.Contains("pythia-70m-deduped", StringComparison.Ordinal) && source.FullPath.Contains("/10_32768/", StringComparison.Ordinal))
            {
                neuronpedia = $"pythia-70m-deduped/{(layer < 0 ? "e" : layer.ToString(CultureInfo.InvariantCulture))}-{letters}-sm";
            }
        }

        return new()
        {
            Format = Name,
            Path = source.Path,
            InputSite = site,
            OutputSite = site,
            HookName = submodule ?? (match.Success ? match.Value.Trim('/') : null),
            ModelName = model,
            NeuronpediaId = neuronpedia,
            ContextSize = buffer?.Has("ctx_len") == true ? buffer.Integer("ctx_len") : null,
        };
    }

    [GeneratedRegex(@"/(?:(?<kind>embed)|(?<kind>attn_out|mlp_out|resid_out)_layer(?<layer>[0-9]{1,4})|(?<kind>resid_post)_layer_(?<layer>[0-9]{1,4}))(?=/)", RegexOptions.CultureInvariant)]
    private static partial Regex PublishedSegment();
}
