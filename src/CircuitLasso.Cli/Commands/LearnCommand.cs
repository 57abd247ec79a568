using System.CommandLine;
using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>learn</c>.</summary>
internal sealed class LearnCommand : ToolCommand
{
    private const int MostLambdas = 1000;
    private const int MostPairs = 10_000;
    private static readonly LearningOptions _defaults = new();

    private readonly Option<string?> _store = new("--store") { Description = "A store made by collect.", HelpName = "STORE" };

    private readonly Option<string[]> _blocks = new("--blocks")
    {
        Description = "Instead of a store: npy and npz files, each array (rows x columns) a block named by its file or by its array.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _order = new("--order")
    {
        Description = "With --blocks: a text file with one place of the computation order a line, each naming the blocks that stand there; the last line names what is explained.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _target = new("--target")
    {
        Description = "What to explain: label (the text's class), logprob (of the text), mean_logprob (per token), logit:TOKEN or logitdiff:A,B (after the text), logitdiff or answer_logprob "
            + "(of the answers that were collected) [default: label where the store has labels, else logprob].",
        HelpName = "WHAT",
    };

    private readonly Option<string?> _model = new("--model") { Description = "With logit:TOKEN and logitdiff:A,B: the model's folder or its name on the hub, where it is no longer the one the store names.", HelpName = "MODEL" };

    private readonly Option<double?> _lambda = new("--lambda")
    {
        Description = "lambda of ||H - H A||_F^2 + lambda ||A||_1 (sums over rows, not means), one for the whole matrix [default: by cross-validation].",
        HelpName = "X",
    };

    private readonly Option<double?> _lambdaRatio = new("--lambda-ratio") { Description = "lambda as a share of the largest lambda at which anything is not zero.", HelpName = "X" };

    private readonly Option<int> _path = new Option<int>("--path")
    {
        Description = "Number of lambdas on the path along which edges enter.",
        HelpName = "N",
        DefaultValueFactory = _ => _defaults.PathCount,
    }.AtLeast(2);

    private readonly Option<bool> _standardize = new("--standardize") { Description = "Scale every column to unit deviation before the fit; coefficients come back in the original units." };

    private readonly Option<double> _minimumWeight = new("--min-weight")
    {
        Description = "Edges of smaller weight stay candidates; a weight is the share of the target's variation that an edge carries.",
        HelpName = "X",
        DefaultValueFactory = _ => _defaults.MinimumWeight,
    };

    private readonly Option<int> _stability = new Option<int>("--stability")
    {
        Description = "Solve again on N pairs of half-samples of the rows, and say of each edge in what share of them it is chosen; 50 are usual, 0 for none.",
        HelpName = "N",
        DefaultValueFactory = _ => _defaults.StabilityPairs,
    }.AtLeast(0);

    private readonly Option<int> _seed = new Option<int>("--seed")
    {
        Description = "Seed of the shuffled targets and of the half-samples.",
        HelpName = "N",
        DefaultValueFactory = _ => (int)_defaults.Seed,
    }.AtLeast(0);

    private readonly FeatureArguments _featureArguments = new();

    private readonly Option<string> _out = new("--out") { Description = "The circuit file.", HelpName = "FILE.circuit", Required = true };

    internal LearnCommand()
        : base(
            "learn",
            "Learn a circuit by sparse regression: every block on the blocks computed before it, the target on all of them. Of a store of autoencoder features: the target on the "
            + "features of the last site, and each feature that matters on those of the site before.\n\n"
            + "Of a store it is first asked whether the target can be predicted at all: its fit is scored on held-out rows, beside the same fit of shuffled targets. Where it is no "
            + "better, the target is not predictable here, and no circuit is drawn for it.")
    {
        Add(_store);
        Add(_blocks);
        Add(_order);
        Add(_target);
        Add(_model);
        Add(_lambda);
        Add(_lambdaRatio);
        Add(_path);
        Add(_standardize);
        Add(_minimumWeight);
        Add(_stability);
        Add(_seed);
        _featureArguments.AddTo(this);
        Add(_out);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        LearningOptions learning = _defaults with
        {
            Lambda = options.GetValue(_lambda),
            LambdaRatio = options.GetValue(_lambdaRatio),
            PathCount = options.GetValue(_path),
            Standardize = options.GetValue(_standardize),
            MinimumWeight = options.GetValue(_minimumWeight),
            StabilityPairs = options.GetValue(_stability),
            Seed = (ulong)options.GetValue(_seed),
        };
        if (learning.Lambda is not null && learning.LambdaRatio is not null)
        {
            throw new InputException("--lambda-ratio", "stands beside --lambda", "give one of them");
        }

        if (learning.MinimumWeight is not (>= 0 and <= 1))
        {
            throw new InputException("--min-weight", "is not from 0 to 1", "a weight is a share, such as 0.02");
        }

        if (learning.PathCount > MostLambdas)
        {
            throw new InputException("--path", string.Create(CultureInfo.InvariantCulture, $"{learning.PathCount} is more than {MostLambdas} lambdas"), "give fewer");
        }

        if (learning.StabilityPairs > MostPairs)
        {
            throw new InputException("--stability", string.Create(CultureInfo.InvariantCulture, $"{learning.StabilityPairs} is more than {MostPairs} pairs"), "give fewer; 50 are usual");
        }

        string outFile = options.GetRequiredValue(_out);
        string? store = options.GetValue(_store);
        string[] blocks = options.GetValue(_blocks) ?? [];
        if (store is not null == blocks.Length > 0)
        {
            throw new InputException("learn", "needs either --store or --blocks", "name a store made by collect, or arrays with their --order");
        }

        if (store is null)
        {
            _featureArguments.RequireNone(options);
            string order = options.GetValue(_order) ?? throw new InputException("--blocks", "needs --order", "name a file that says in which order the blocks are computed");
            if (options.GetValue(_target) is not null)
            {
                throw new InputException("--target", "does not go with --blocks", "put the block to explain on the last line of the order file");
            }

            OutputFile.Require(outFile, [order, .. blocks]);
            return Learn(BlockFiles.Open(blocks, order), null, learning, outFile, context);
        }

        if (options.GetValue(_order) is not null)
        {
            throw new InputException("--order", "does not go with --store", "leave it out: a store knows the order of its sites");
        }

        using ActivationStoreReader reader = ActivationStoreReader.Open(store);
        OutputFile.Require(outFile);
        string name = options.GetValue(_target) ?? (reader.Manifest.LabelClasses.Count > 0 ? "label" : ActivationCollector.LogProbabilityTarget);
        LearningTarget Target()
        {
            string? folder = HubArguments.OptionalModelFolder(options.GetValue(_model), context);
            return _featureArguments.KeepsPositions(options) ? StoreTarget.ReadByText(reader, name, folder) : StoreTarget.Read(reader, name, folder);
        }

        if (reader.Manifest.Sites.Any(site => site.Kind == StoreSiteKind.Sparse))
        {
            RequireDefault(_minimumWeight, options, "a store of features has --min-relevance");
            _featureArguments.RequireOneTarget(options, _target);
            return _featureArguments.Learn(options, reader, Target, learning, IsGiven(_path, options) ? learning.PathCount : null, outFile, context);
        }

        _featureArguments.RequireNone(options);
        return Learn(new StoreLearningData(reader), Target(), learning, outFile, context);
    }

    private static bool IsGiven(Option option, ParseResult options) => options.GetResult(option) is { Implicit: false };

    private static void RequireDefault(Option option, ParseResult options, string remedy)
    {
        if (IsGiven(option, options))
        {
            throw new InputException(option.Name, "is for stores of dense sites, and this one holds features", remedy);
        }
    }

    private static int Learn(ILearningData data, LearningTarget? target, LearningOptions options, string outFile, CommandContext context)
    {
        (data, target) = DefinedRows.Keep(data, target);
        int columns = data.Blocks.Sum(block => block.Width);
        context.Message($"{data.Rows:N0} rows, {data.Blocks.Count} blocks, {columns:N0} columns; at most about {Math.Max(1, LassoLearner.EstimateBytes(data, target, options) >> 20)} MiB");
        LearningResult result;
        using (ProgressReport progress = context.StartProgress())
        {
            result = LassoLearner.Learn(data, target, options, progress, context.Cancellation);
        }

        CircuitFile.Write(result.Circuit, outFile);
        context.Print(output => LearningSummary.WriteText(output, result, outFile), json => LearningSummary.WriteJson(json, result, outFile));
        if (result.MissedTargets > 0)
        {
            context.Message(string.Create(CultureInfo.InvariantCulture, $"{result.MissedTargets} regressions missed the gap of {options.Tolerance:G2}; the worst is at {result.LargestRelativeGap:G2}"));
        }

        return result.MissedTargets > 0 ? ExitCode.CheckFailed : ExitCode.Done;
    }
}
