using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>sae info PATH</c>.</summary>
internal sealed class SaeInfoCommand : ToolCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "A file of weights (.safetensors, .pt, .npz) or the folder that it lies in, as it was published; or hf://ORG/NAME/PATH on the hub." };
    private readonly Option<string?> _site = new("--site") { Description = "The site that it reads, such as resid_post.5 [default: the one that its files or its published path name].", HelpName = "SITE" };
    private readonly Option<string?> _outputSite = new("--output-site") { Description = "The site that a transcoder writes.", HelpName = "SITE" };
    private readonly Option<int?> _k = new Option<int?>("--k") { Description = "Features kept in a row, where its files do not say.", HelpName = "N" }.AtLeast(1);
    private readonly Option<float?> _scale = new("--activation-scale") { Description = "SAELens's norm_scaling_factor, where its files ask for one.", HelpName = "X" };
    private readonly Option<bool> _centered = new("--centered") { Description = "It was trained on a model with center_writing_weights (SAELens's gpt2-small-res-jb, for one), and its folder does not say so." };
    private readonly Option<string?> _model = new("--model") { Description = "Its model, a folder or a name on the hub: measures it on a text, with --text.", HelpName = "MODEL" };
    private readonly TextArguments _text = new(required: false);
    private readonly Option<int?> _maximumTokens = new Option<int?>("--max-tokens") { Description = "Cut longer texts to this many tokens [default: the model's own limit].", HelpName = "N" }.AtLeast(1);

    private readonly Option<int> _skip = new Option<int>("--skip-first")
    {
        Description = "Leave so many tokens at the start of every text out of the figures: the first one's activation is often like no other.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    }.AtLeast(0);

    public SaeInfoCommand()
        : base(
            "info",
            "Tell what a sparse autoencoder or transcoder is, where it belongs and how wide it is; with a model and a text also how many features are active "
            + "a token (L0), how many never are, and how much of the variance of the activations it explains.\n\n"
            + "Formats, recognised by what the files hold: " + string.Join(", ", SparseAutoencoderFile.Formats) + ".")
    {
        Add(_path);
        Add(_site);
        Add(_outputSite);
        Add(_k);
        Add(_scale);
        Add(_centered);
        Add(_model);
        _text.AddTo(this);
        Add(_maximumTokens);
        Add(_skip);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string? folder = options.GetValue(_model);
        if (folder is null != !_text.IsGiven(options))
        {
            throw new InputException(folder is null ? "--text" : "--model", "a model and a text are needed together", "give --model DIR and --text FILE, or neither");
        }

        using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(HubArguments.AutoencoderFile(options.GetRequiredValue(_path), context), new SparseAutoencoderLoadOptions
        {
            InputSite = options.GetValue(_site) is { } site ? Site.Parse(site) : null,
            OutputSite = options.GetValue(_outputSite) is { } output ? Site.Parse(output) : null,
            K = options.GetValue(_k),
            ActivationScale = options.GetValue(_scale),
            CentersInput = options.GetValue(_centered),
        });
        SparseAutoencoderStatistics? statistics = folder is null ? null : Measure(options, context, HubArguments.ModelFolder(folder, context), autoencoder);
        (string Name, object? Value)[] facts = [.. Facts(autoencoder), .. statistics is null ? [] : Facts(statistics)];
        context.Print(output => WriteText(output, facts), json => WriteJson(json, facts));
        return ExitCode.Done;
    }

    private SparseAutoencoderStatistics Measure(ParseResult options, CommandContext context, string folder, SparseAutoencoder autoencoder)
    {
        TextSource text = _text.Open(options, []);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        using ProgressReport progress = context.StartProgress();
        return SparseAutoencoderEvaluation.Measure(
            model, Tokenizer.Load(folder), text, autoencoder, options.GetValue(_maximumTokens), options.GetValue(_skip), progress, context.Cancellation);
    }

    private static IEnumerable<(string Name, object? Value)> Facts(SparseAutoencoder autoencoder)
    {
        SparseAutoencoderArchitecture architecture = autoencoder.Architecture;
        SparseAutoencoderProvenance provenance = autoencoder.Provenance;
        return
        [
            ("format", provenance.Format),
            ("kind", architecture.Kind switch
            {
                SparseAutoencoderKind.Standard => "standard",
                SparseAutoencoderKind.Gated => "gated",
                SparseAutoencoderKind.JumpRelu => "jumprelu",
                _ => "topk",
            }),
            ("architecture", provenance.Architecture),
            ("transcoder", architecture.IsTranscoder),
            ("features", autoencoder.FeatureCount),
            ("input_width", autoencoder.InputWidth),
            ("output_width", autoencoder.OutputWidth),
            ("k", architecture.Kind == SparseAutoencoderKind.TopK ? architecture.K : null),
            ("keeps_negative", architecture.KeepsNegative),
            ("apply_b_dec_to_input", architecture.SubtractsDecoderBias),
            ("normalization", architecture.Normalization switch
            {
                InputNormalization.LayerNorm => "layer_norm",
                InputNormalization.ConstantNorm => "constant_norm_rescale",
                InputNormalization.Centered => "centered",
                _ => "none",
            }),
            ("skip_connection", autoencoder.HasSkip),
            ("model", provenance.ModelName),
            ("hook", provenance.HookName),
            ("input_site", provenance.InputSite?.ToString()),
            ("output_site", provenance.OutputSite?.ToString()),
            ("neuronpedia", provenance.NeuronpediaId),
            ("prepend_bos", provenance.PrependsBeginning),
            ("context_size", provenance.ContextSize),
        ];
    }

    private static IEnumerable<(string Name, object? Value)> Facts(SparseAutoencoderStatistics statistics) =>
    [
        ("texts", statistics.Texts),
        ("cut_texts", statistics.CutTexts),
        ("tokens", statistics.Tokens),
        ("l0", statistics.L0),
        ("dead_features", statistics.DeadFeatures),
        ("explained_variance", double.IsNaN(statistics.ExplainedVariance) ? null : statistics.ExplainedVariance),
    ];

    private static void WriteText(TextWriter output, (string Name, object? Value)[] facts)
    {
        int width = facts.Max(fact => fact.Name.Length);
        foreach ((string name, object? value) in facts.Where(fact => fact.Value is not null))
        {
            string shown = value switch
            {
                bool flag => flag ? "yes" : "no",
                double number => number.ToString("0.####", CultureInfo.InvariantCulture),
                string text => new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]),
                _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            };
            output.WriteLine($"{name.PadRight(width)}  {shown}");
        }
    }

    private static void WriteJson(Utf8JsonWriter json, (string Name, object? Value)[] facts)
    {
        foreach ((string name, object? value) in facts)
        {
            switch (value)
            {
                case null:
                    json.WriteNull(name);
                    break;
                case bool flag:
                    json.WriteBoolean(name, flag);
                    break;
                case double number:
                    json.WriteNumber(name, number);
                    break;
                case string text:
                    json.WriteString(name, text);
                    break;
                default:
                    json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                    break;
            }
        }
    }
}
