using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models;

/// <summary>
/// <c>params.npz</c> of Gemma Scope: JumpReLU with a threshold for each feature, and nothing subtracted from the input. Model, site and layer
/// stand in the published path alone, and so does whether it is a transcoder; autoencoders of the embedding are made to read embeddings
/// times the root of their width, as the model uses them.
/// </summary>
internal sealed partial class GemmaScopeFormat : ISparseAutoencoderFormat
{
    public string Name => "gemma-scope";

    public bool Recognizes(SparseAutoencoderSource source) =>
        source.Tensors is NumPyContainer && source.Has("b_enc", "b_dec", "threshold") && (source.Has("W_enc", "W_dec") || source.Has("w_enc", "w_dec"));

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        bool upper = source.Has("W_enc", "W_dec");
        (string encoder, string decoder) = upper ? ("W_enc", "W_dec") : ("w_enc", "w_dec");
        source.RequireOnly(encoder, decoder, "b_enc", "b_dec", "threshold");
        using SparseAutoencoderReader reader = new(source);
        reader.ReadEncoder(encoder, MatrixOrder.FeatureColumns);
        reader.ReadDecoder(decoder, MatrixOrder.FeatureRows);
        reader.EncoderBias = reader.PerFeature("b_enc");
        reader.DecoderBias = reader.PerOutput("b_dec");
        reader.Thresholds = reader.PerFeature("threshold");
        SparseAutoencoderProvenance provenance = Provenance(source);
        if (provenance.InputSite is { Kind: SiteKind.Embedding })
        {
            // SAELens scales these two matrices in the same way.
            float root = MathF.Sqrt(reader.InputWidth);
            reader.Scale(1 / root, root, 1);
        }

        bool transcoder = Release().Match(source.FullPath).Groups["kind"].Value == "transcoders";
        provenance = provenance.With(options);
        return reader.Build(new() { Kind = SparseAutoencoderKind.JumpRelu, IsTranscoder = transcoder || provenance.IsTranscoder() }, provenance);
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source)
    {
        SparseAutoencoderProvenance provenance = new() { Format = Name, Path = source.Path, Architecture = "jumprelu", PrependsBeginning = true };
        Match release = Release().Match(source.FullPath);
        Match place = Place().Match(source.FullPath);
        if (!release.Success || !place.Success)
        {
            return provenance;
        }

        string model = $"gemma-2-{release.Groups["size"].Value}{(release.Groups["tuning"].Value == "it" ? "-it" : string.Empty)}";
        if (!place.Groups["layer"].Success)
        {
            Site embedding = new(SiteKind.Embedding);
            return provenance with { InputSite = embedding, OutputSite = embedding, HookName = "hook_embed", ModelName = model };
        }

        int layer = int.Parse(place.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture);
        (SiteKind? input, SiteKind output, string hook, string letters) = release.Groups["kind"].Value switch
        {
            "res" => (SiteKind.ResidualAfter, SiteKind.ResidualAfter, "hook_resid_post", "res"),
            "mlp" => (SiteKind.MlpOutput, SiteKind.MlpOutput, "hook_mlp_out", "mlp"),
            "att" => (SiteKind.AttentionMix, SiteKind.AttentionMix, "attn.hook_z", "att"),
            _ => ((SiteKind?)null, SiteKind.MlpOutput, "ln2.hook_normalized", "transcoder"),
        };
        return provenance with
        {
            InputSite = input is { } read ? new Site(read, layer) : null,
            OutputSite = new Site(output, layer),
            HookName = $"blocks.{layer}.{hook}",
            ModelName = model,
            NeuronpediaId = place.Groups["width"].Value == "16k" ? $"{model}/{layer}-gemmascope-{letters}-16k" : null,
        };
    }

    [GeneratedRegex("gemma-scope-(?<size>2b|9b|27b)-(?<tuning>pt|it)-(?<kind>res|mlp|att|transcoders)(?=/)", RegexOptions.CultureInvariant)]
    private static partial Regex Release();

    [GeneratedRegex("/(?:layer_(?<layer>[0-9]{1,4})|embedding)/width_(?<width>[0-9]+[km])/", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
