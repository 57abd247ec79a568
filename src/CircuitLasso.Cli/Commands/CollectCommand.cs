using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>collect</c>.</summary>
internal sealed class CollectCommand : ToolCommand
{
    private readonly Option<string> _model = ModelArguments.Model();
    private readonly TextArguments _text = new(withLabels: true);

    private readonly Option<string[]> _autoencoders = new("--sae")
    {
        Description = "Sparse autoencoders, as PATH or SITE=PATH, and transcoders, as PATH or INPUT:OUTPUT=PATH, where PATH is " + HubArguments.Autoencoder + ": of their sites (of a transcoder the one that it writes) the features are kept, and what the reconstruction leaves (NAME.error).",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _sites = new("--sites")
    {
        Description = "What to keep, separated by commas: site names such as resid_post.3, NAME.* for every layer, or components for the embedding, "
            + "every attention head (kept as attn_z.LAYER) and every MLP. 'model info' lists the sites [default: components, or nothing else where --sae is given].",
        HelpName = "LIST",
    };

    private readonly Option<string> _pool = new Option<string>("--pool")
    {
        Description = "How the positions of a text become rows: last, mean, sum or max give one row a text, none one row a token.",
        HelpName = "HOW",
        DefaultValueFactory = _ => "last",
    }.AcceptOnlyFromAmong("last", "mean", "sum", "max", "none");

    private readonly Option<string?> _answers = new("--answers")
    {
        Description = "Two columns, A,B, whose words continue the text, one token each: keeps logitdiff (the logit of A less that of B after the text) "
            + "and answer_logprob (the log-probability of A) as targets to learn for.",
        HelpName = "A,B",
    };

    private readonly Option<int?> _maximumTokens = new Option<int?>("--max-tokens")
    {
        Description = "Cut longer texts to this many tokens [default: the model's own limit].",
        HelpName = "N",
    };

    private readonly Option<string?> _memory = new("--memory")
    {
        Description = "About the most memory to use beside the model's weights, such as 1GB: batches become smaller, and fewer run at once. A store that is gone on with keeps its "
            + "batches [default: what batches of 1,024 tokens on every thread take].",
        HelpName = "SIZE",
    };

    private readonly Option<string> _out = new("--out") { Description = "The folder of the store. Where it holds an unfinished store of the same command, the work goes on there.", HelpName = "STORE", Required = true };

    internal CollectCommand()
        : base(
            "collect",
            "Run a model over a text file and keep activations of every row in a store.\n\n"
            + "The store always keeps, too, each text's log-probability (the target logprob) and the last residual stream, from which learn --target logit:TOKEN "
            + "is read. An interrupted collection goes on when the same command is given again, and ends with the same bytes.")
    {
        Add(_model);
        _text.AddTo(this);
        Add(_sites);
        Add(_autoencoders);
        Add(_pool);
        Add(_answers);
        Add(_maximumTokens);
        Add(_memory);
        Add(_out);
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        (string First, string Second)? answers = Answers(options.GetValue(_answers));
        TextSource text = _text.Open(options, answers is { } pair ? [pair.First, pair.Second] : []);
        Pooling pooling = Enum.Parse<Pooling>(options.GetRequiredValue(_pool), ignoreCase: true);
        string store = options.GetRequiredValue(_out);
        string folder = HubArguments.ModelFolder(options.GetRequiredValue(_model), context);
        string[] paths = HubArguments.Autoencoders(options.GetValue(_autoencoders)!, context);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        IReadOnlyList<SiteAutoencoder> autoencoders = SiteAutoencoder.Load(paths);
        string? sites = options.GetValue(_sites) ?? (autoencoders.Count == 0 ? "components" : null);
        ActivationCollector collector = new(model, folder, Tokenizer.Load(folder), text, new CollectionOptions
        {
            Sites = sites is null ? [] : CollectionOptions.ParseSites(sites, model.Description),
            Autoencoders = autoencoders,
            Pooling = pooling,
            Answers = answers,
            MaximumTokens = options.GetValue(_maximumTokens),
            MemoryBytes = options.GetValue(_memory) is { } memory ? MemorySize.Parse("--memory", memory) : null,
            Batches = BatchPartition.OfStore(store),
        });
        WorkEstimate estimate = collector.Estimate();
        context.Message($"{text.RowCount:N0} texts of about {estimate.Tokens:N0} tokens, {collector.Manifest.Sites.Count} sites; {estimate.Time(MatrixRate.Measure())}; "
            + $"about {Math.Max(1, collector.MemoryBytes >> 20):N0} MiB, and {WorkEstimate.Weights(model.Parameters)}");
        CollectionResult result;
        using (ProgressReport progress = context.StartProgress())
        {
            result = collector.Run(store, progress, context.Cancellation);
        }

        Report(context, store, collector, result);
        foreach (SiteAutoencoder entry in autoencoders)
        {
            entry.Autoencoder.Dispose();
        }

        return ExitCode.Done;
    }

    private static void Report(CommandContext context, string store, ActivationCollector collector, CollectionResult result)
    {
        if (result.ResumedAtText > 0)
        {
            context.Message($"{result.ResumedAtText:N0} texts were there already");
        }

        if (result.CutTexts > 0)
        {
            context.Message($"{result.CutTexts:N0} texts were longer than {collector.Manifest.Provenance.Settings["maximum_tokens"]} tokens and were cut");
        }

        context.Print(
            output => output.WriteLine(FormattableString.Invariant(
                $"{store}: {result.Rows:N0} rows of {collector.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Dense).Sum(site => (long)site.Width):N0} numbers{Features(collector)}; {result.Tokens:N0} tokens in {result.TotalSeconds:F1} s, {result.ForwardSeconds:F1} s of them in the model")),
            json =>
            {
                json.WriteString("store", store);
                json.WriteNumber("texts", result.Texts);
                json.WriteNumber("rows", result.Rows);
                json.WriteNumber("resumed_at_text", result.ResumedAtText);
                json.WriteNumber("cut_texts", result.CutTexts);
                json.WriteNumber("tokens", result.Tokens);
                json.WriteStartObject("seconds");
                json.WriteNumber("forward", result.ForwardSeconds);
                json.WriteNumber("total", result.TotalSeconds);
                json.WriteEndObject();
            });
    }

    private static string Features(ActivationCollector collector) =>
        collector.Manifest.Sites.Where(site => site.Kind == StoreSiteKind.Sparse).Sum(site => (long)site.Width) is var features && features > 0
            ? FormattableString.Invariant($" and a choice of {features:N0} features")
            : string.Empty;

    private static (string First, string Second)? Answers(string? columns) => columns?.Split(',') switch
    {
        null => null,
        [{ Length: > 0 } first, { Length: > 0 } second] => (first, second),
        _ => throw new InputException("--answers", $"'{columns}' does not name two columns", "write --answers A,B"),
    };
}
