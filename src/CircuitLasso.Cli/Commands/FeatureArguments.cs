using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The options of <c>learn</c> that belong to stores of features.</summary>
internal sealed class FeatureArguments
{
    private const string Everything = "all";
    private const string Adjacent = "adjacent";
    private const string Criterion = "criterion";
    private const string HeldOut = "held-out";
    private static readonly FeatureCircuitOptions _defaults = new();

    private readonly Option<string?> _toward = new("--toward")
    {
        Description = "Of a store of features: a feature to explain instead of the target, such as resid_post.5/3036, or all for every feature.",
        HelpName = "NODE",
    };

    private readonly Option<string?> _sources = new Option<string?>("--sources")
    {
        Description = "Of a store of features: regress a feature on those of the site before, or of all sites before [default: adjacent].",
        HelpName = "adjacent|all",
    }.AcceptOnlyFromAmong(Adjacent, Everything);

    private readonly Option<bool> _positions = new("--positions")
    {
        Description = "Of a store of features with a row for every token (collect --pool none): a text is a row, nodes are features at one position, and edges cross positions. For texts made alike.",
    };

    private readonly Option<bool> _scaleErrors = new("--scale-errors")
    {
        Description = "Of a store of features: penalise the coordinates of an error in units of its site's features, without which errors are hardly ever chosen.",
    };

    private readonly Option<string?> _targetLambda = new Option<string?>("--target-lambda")
    {
        Description = "Of a store of features: choose the lambda of the target's own regression by the criterion or by the error on held-out texts [default: held-out where the last site determines the target, as it does what the model says after the last token].",
        HelpName = "criterion|held-out",
    }.AcceptOnlyFromAmong(Criterion, HeldOut);

    private readonly Option<string?> _site = new("--site") { Description = "Of a store of features: the site that the target is regressed on [default: the last].", HelpName = "SITE" };

    private readonly Option<int?> _features = new Option<int?>("--features")
    {
        Description = $"Of a store of features: how many features of a site are explained at most, the most relevant [default: {_defaults.FeaturesPerSite}].",
        HelpName = "N",
    }.AtLeast(1);

    private readonly Option<double?> _minimumRelevance = new("--min-relevance")
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"Of a store of features: features through which a smaller share of the target's variation passes stay candidates [default: {_defaults.MinimumRelevance}]."),
        HelpName = "X",
    };

    private readonly Option<int?> _prompt = new Option<int?>("--prompt")
    {
        Description = "Of a store of features: write the circuit of this row of the store too, to OUT.rowN.circuit: coefficients times activations.",
        HelpName = "ROW",
    }.AtLeast(0);

    private readonly Option<int?> _shuffles = new Option<int?>("--shuffle-target")
    {
        Description = "Of a store of features, as a control: learn N times more for the target in random order [1 where N is left out], write these circuits to OUT.shuffledI.circuit, "
            + "and say what of the circuit is found there too.",
        HelpName = "N",
        Arity = ArgumentArity.ZeroOrOne,
    }.AtLeast(1);

    private readonly Option<string?> _memory = new("--memory") { Description = "Of a store of features: about how much memory products of columns may take [default: 1GiB].", HelpName = "SIZE" };

    private Option[] All => [_toward, _sources, _positions, _scaleErrors, _targetLambda, _site, _features, _minimumRelevance, _prompt, _shuffles, _memory];

    public void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Refuses these options where there are no features.</summary>
    public void RequireNone(ParseResult options)
    {
        if (Array.Find(All, option => options.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new InputException(given.Name, "is for stores of features, and this is none", "leave it out, or name a store that was collected with autoencoders");
        }
    }

    /// <summary>Refuses a target beside a feature that takes its place.</summary>
    public void RequireOneTarget(ParseResult options, Option target)
    {
        if (options.GetResult(target) is not null && options.GetResult(_toward) is not null)
        {
            throw new InputException(target.Name, "stands beside --toward", "give one of them");
        }

        if (options.GetResult(_shuffles) is not null && options.GetResult(_toward) is not null)
        {
            throw new InputException(_shuffles.Name, "stands beside --toward", "shuffle a target, or explain a feature");
        }
    }

    /// <summary>Whether positions are kept apart.</summary>
    public bool KeepsPositions(ParseResult options) => options.GetValue(_positions);

    /// <summary>Learns the circuit of a store of features.</summary>
    /// <param name="options">The command line.</param>
    /// <param name="store">The store.</param>
    /// <param name="target">Reads the target, where there is one.</param>
    /// <param name="learning">The options that all of <c>learn</c> shares.</param>
    /// <param name="pathCount">The number of lambdas on a path, where it was given.</param>
    /// <param name="outFile">The file to write.</param>
    /// <param name="context">The console.</param>
    public int Learn(ParseResult options, ActivationStoreReader store, Func<LearningTarget> target, LearningOptions learning, int? pathCount, string outFile, CommandContext context)
    {
        int? prompt = options.GetValue(_prompt);
        string? toward = options.GetValue(_toward);
        string? promptFile = prompt is { } row ? Path.ChangeExtension(outFile, string.Create(CultureInfo.InvariantCulture, $".row{row}.circuit")) : null;
        OutputFile.Require(promptFile ?? outFile);
        int shuffles = options.GetResult(_shuffles) is null ? 0 : options.GetValue(_shuffles) ?? 1;
        FeatureCircuitOptions features = _defaults with
        {
            Sources = options.GetValue(_sources) == Everything ? FeatureSources.All : FeatureSources.Adjacent,
            KeepPositions = KeepsPositions(options),
            ReadoutSite = options.GetValue(_site),
            Lambda = learning.Lambda,
            LambdaRatio = learning.LambdaRatio,
            PathCount = pathCount ?? _defaults.PathCount,
            Standardize = learning.Standardize,
            ScaleErrors = options.GetValue(_scaleErrors),
            TargetRule = options.GetValue(_targetLambda) switch
            {
                Criterion => TargetLambdaRule.Criterion,
                HeldOut => TargetLambdaRule.HeldOutError,
                _ => null,
            },
            FeaturesPerSite = options.GetValue(_features) ?? _defaults.FeaturesPerSite,
            MinimumRelevance = options.GetValue(_minimumRelevance) ?? _defaults.MinimumRelevance,
            StabilityPairs = learning.StabilityPairs,
            Seed = learning.Seed,
            GramBytes = options.GetValue(_memory) is { } memory ? MemorySize.Parse("--memory", memory) : _defaults.GramBytes,
            PromptRow = prompt,
        };
        context.Message(string.Create(
            CultureInfo.InvariantCulture, $"{store.RowCount:N0} rows; at most about {Math.Max(1, FeatureCircuitLearner.EstimateBytes(store, features) >> 20)} MiB, beside the edges that are found"));
        FeatureCircuitResult result;
        List<ShuffledCircuit> shuffled = [];
        using (ProgressReport progress = context.StartProgress())
        {
            LearningTarget? explained = toward is null ? target() : null;
            result = toward switch
            {
                null => FeatureCircuitLearner.Learn(store, explained!, features, progress, context.Cancellation),
                Everything => FeatureCircuitLearner.LearnAll(store, features, progress, context.Cancellation),
                _ => FeatureCircuitLearner.Learn(store, FeatureNodeName.Parse(toward), features, progress, context.Cancellation),
            };
            for (int i = 1; i <= shuffles; i++)
            {
                ulong seed = features.Seed + (ulong)i;
                FeatureCircuitResult control = FeatureCircuitLearner.Learn(store, features.KeepPositions ? explained!.Shuffled(seed) : explained!.Shuffled(seed, store), features with { PromptRow = null }, progress, context.Cancellation);
                Circuit circuit = control.Circuit.With(
                    provenance: new OrderedDictionary<string, string>(control.Circuit.Provenance, StringComparer.Ordinal) { ["target_shuffled"] = string.Create(CultureInfo.InvariantCulture, $"rows in random order, seed {seed}") });
                shuffled.Add(new ShuffledCircuit(
                    Path.ChangeExtension(outFile, string.Create(CultureInfo.InvariantCulture, $".shuffled{i}.circuit")), control with { Circuit = circuit }, CircuitSurvival.Compare(result.Circuit, circuit)));
            }
        }

        CircuitFile.Write(result.Circuit, outFile);
        if (promptFile is not null)
        {
            CircuitFile.Write(result.Prompt!, promptFile);
        }

        shuffled.ForEach(control => CircuitFile.Write(control.Result.Circuit, control.File));
        FeatureSummary summary = new(result, outFile, promptFile, hasTarget: toward != Everything, shuffled);
        context.Print(summary.WriteText, summary.WriteJson);
        int missed = result.Missed + shuffled.Sum(control => control.Result.Missed);
        if (missed > 0)
        {
            double worst = shuffled.Select(control => control.Result.LargestRelativeGap).Append(result.LargestRelativeGap).Max();
            context.Message(string.Create(CultureInfo.InvariantCulture, $"{missed} regressions missed the gap of {features.Tolerance:G2}; the worst is at {worst:G2}"));
        }

        return missed > 0 ? ExitCode.CheckFailed : ExitCode.Done;
    }
}
