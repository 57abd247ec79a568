using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// One layer of a set of per-layer transcoders as circuit-tracer keeps them: <c>layer_N.safetensors</c>, and <c>config.yaml</c> with the two
/// hooks and the activation. Its JumpReLU is p where p > threshold, and its TopK the k largest p; neither clips at 0.
/// </summary>
internal sealed partial class CircuitTracerFormat : ISparseAutoencoderFormat
{
    private const string ThresholdName = "activation_function.threshold";
    private const long LargestConfiguration = 1 << 20;

    // Its own hooks around a layer's MLP: what this reads, after the norm and its weights, and what it writes.
    private static readonly (string Hook, SiteKind Kind)[] _wrapped = [("mlp.hook_in", SiteKind.MlpNormalized), ("mlp.hook_out", SiteKind.MlpOutput)];

    private static readonly string[] _names = ["W_enc", "W_dec", "b_enc", "b_dec"];

    public string Name => "circuit-tracer";

    public bool Recognizes(SparseAutoencoderSource source) =>
        source.Tensors is SafeTensorsContainer && source.Has(_names) && source.Tensors.Shape("W_enc") is [long features, _] && source.Tensors.Shape("b_enc") is [long biases] && features == biases;

    public SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options)
    {
        Dictionary<string, string> settings = ReadSettings(source);
        bool skip = source.Has("W_skip");
        source.RequireOnly([.. _names, ThresholdName, "k", "W_skip"]);
        using SparseAutoencoderReader reader = new(source);
        reader.ReadEncoder("W_enc", MatrixOrder.FeatureRows);
        reader.ReadDecoder("W_dec", MatrixOrder.FeatureRows);
        reader.EncoderBias = reader.PerFeature("b_enc");
        reader.DecoderBias = reader.PerOutput("b_dec");
        if (skip)
        {
            reader.ReadSkip("W_skip");
        }

        string? activation = settings.GetValueOrDefault("activation");
        SparseAutoencoderKind kind = (activation, source.Has(ThresholdName), source.Has("k")) switch
        {
            ("relu", _, _) => SparseAutoencoderKind.Standard,
            ("topk", _, _) or (null, false, true) => SparseAutoencoderKind.TopK,
            (null or "jump_relu" or "jumprelu", true, _) => SparseAutoencoderKind.JumpRelu,
            (null, false, false) => SparseAutoencoderKind.Standard,
            _ => throw source.Bad($"has the activation '{activation}', which its tensors do not fit or which is not known here"),
        };
        reader.Thresholds = kind == SparseAutoencoderKind.JumpRelu ? Thresholds(source, reader) : null;
        SparseAutoencoderArchitecture architecture = new()
        {
            Kind = kind,
            K = kind == SparseAutoencoderKind.TopK ? K(source, settings, options) : 0,
            KeepsNegative = kind != SparseAutoencoderKind.Standard,
            IsTranscoder = true,
        };
        return reader.Build(architecture, Provenance(source, settings, activation).With(options));
    }

    private static float[] Thresholds(SparseAutoencoderSource source, SparseAutoencoderReader reader)
    {
        long count = source.Tensors.Shape(ThresholdName).Aggregate(1L, (product, size) => product * size);
        return count == 1 && reader.FeatureCount > 1 ? [.. Enumerable.Repeat(reader.Number(ThresholdName), reader.FeatureCount)] : reader.PerFeature(ThresholdName);
    }

    private static int K(SparseAutoencoderSource source, Dictionary<string, string> settings, SparseAutoencoderLoadOptions options)
    {
        if (options.K is { } asked)
        {
            return asked;
        }

        long k = source.Has("k") ? source.Tensors.ReadInteger("k")
            : long.TryParse(settings.GetValueOrDefault("k"), NumberStyles.None, CultureInfo.InvariantCulture, out long stated) ? stated
            : throw source.Bad("is a TopK transcoder and does not say its k", "state k, or put the config.yaml that was published with it beside it");
        return k is > 0 and <= int.MaxValue ? (int)k : throw source.Bad($"has a k of {k}");
    }

    private SparseAutoencoderProvenance Provenance(SparseAutoencoderSource source, Dictionary<string, string> settings, string? activation)
    {
        Match match = LayerName().Match(System.IO.Path.GetFileName(source.WeightsPath));
        string? Hook(string name) =>
            match.Success && settings.TryGetValue(name, out string? hook) ? $"blocks.{int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture)}.{hook}" : null;
        Site? Place(string name) => match.Success && settings.GetValueOrDefault(name) is { } hook && Array.Find(_wrapped, pair => pair.Hook == hook) is { Hook: not null } known
            ? new Site(known.Kind, int.Parse(match.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture))
            : PublishedSite.Parse(Hook(name));
        return new()
        {
            Format = Name,
            Path = source.Path,
            Architecture = activation,
            InputSite = Place("feature_input_hook"),
            OutputSite = Place("feature_output_hook"),
            HookName = Hook("feature_input_hook"),
            ModelName = settings.GetValueOrDefault("model_name"),
        };
    }

    // Of the YAML only the plain "name: value" lines of the top level are of use here.
    private static Dictionary<string, string> ReadSettings(SparseAutoencoderSource source)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal);
        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(source.WeightsPath) ?? string.Empty, "config.yaml");
        if (!File.Exists(path))
        {
            return settings;
        }

        using MemoryMappedBytes bytes = new(path);
        if (bytes.Length > LargestConfiguration)
        {
            throw new InputException(path, "larger than 1 MiB", "give the file as it was published");
        }

        foreach (string line in Encoding.UTF8.GetString(bytes.Slice(0, (int)bytes.Length)).Split('\n'))
        {
            Match match = SettingLine().Match(line.TrimEnd('\r', ' '));
            if (match.Success)
            {
                settings[match.Groups["name"].Value] = match.Groups["value"].Value.Trim('"', '\'');
            }
        }

        return settings.GetValueOrDefault("model_kind") is null or "transcoder_set"
            ? settings
            : throw new InputException(path, $"model_kind is '{settings["model_kind"]}'", "use a set of per-layer transcoders (model_kind: transcoder_set)");
    }

    [GeneratedRegex(@"(?:^|_)layer_(?<layer>[0-9]{1,4})\.safetensors$", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();

    [GeneratedRegex("^(?<name>[a-z_]{1,40}): *(?<value>\"[^\"#]{0,200}\"|'[^'#]{0,200}'|[^\"'#\\[\\]{}]{1,200})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SettingLine();
}
