using System.CommandLine;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>cola</c>.</summary>
internal sealed class ColaCommand : ToolCommand
{
    private static readonly AcceptabilityOptions _defaults = new();

    private readonly Option<string?> _model = new("--model") { Description = "The model: " + HubArguments.Model + " [default: the embedded model, with its autoencoders and sentences of its grammar].", HelpName = "MODEL" };

    private readonly Option<string[]> _autoencoders = new("--sae")
    {
        Description = "With --model: its sparse autoencoders, as PATH or SITE=PATH, or transcoders, as PATH or INPUT:OUTPUT=PATH, where PATH is " + HubArguments.Autoencoder + ".",
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _text = new("--text") { Description = "With --model: the sentences, such as CoLA's in_domain_train.tsv.", HelpName = "FILE" };
    private readonly Option<string?> _textColumn = new("--text-column") { Description = "Where the sentence is: a column's number (from 1) or name, or a JSON field; 4 in CoLA's own files.", HelpName = "N" };
    private readonly Option<string?> _labelColumn = new("--label-column") { Description = "Where the label is, named likewise; 2 in CoLA's own files.", HelpName = "N" };

    private readonly Option<string?> _task = new("--task")
    {
        Description = "Pairs of texts with a right and a wrong answer, as evaluate reads them: the features of the circuits are tested on them by ablation.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _testText = new("--test-text")
    {
        Description = "Labelled sentences that nothing is learnt from, in the same columns: a circuit of the label is tested on them by ablation, where the label is predictable.",
        HelpName = "FILE",
    };

    private readonly Option<int> _pairs = new Option<int>("--pairs") { Description = "Take the first N usable pairs.", HelpName = "N", DefaultValueFactory = _ => _defaults.Pairs }.AtLeast(1);
    private readonly Option<int> _sentences = new Option<int>("--sentences") { Description = "Sentences of the embedded grammar, half of them ungrammatical.", HelpName = "N", DefaultValueFactory = _ => _defaults.Sentences }.AtLeast(1);

    private readonly Option<double[]> _lambdaRatios = new("--lambda-ratio")
    {
        Description = "The lambdas of the curves, as shares of the smallest that leaves a regression empty [default: 0.5 0.3 0.1 0.03].",
        HelpName = "X",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _shuffle = new("--shuffle-target") { Description = "Control: learn again for targets in random order, and say what of the circuits is found there too." };
    private readonly Option<bool> _random = new("--random-model") { Description = "Control: the same with a model of random weights, through the same autoencoders." };

    private readonly Option<string[]> _others = new("--other-sae")
    {
        Description = "Control: the same with other autoencoders of these sites, trained from another seed; features match where their directions have a cosine of 0.7 and more.",
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _seed = new Option<int>("--seed") { Description = "Seed of sentences, shuffles and random weights.", HelpName = "N", DefaultValueFactory = _ => (int)_defaults.Seed }.AtLeast(0);
    private readonly Option<string> _out = new("--out") { Description = "The folder to write to.", HelpName = "DIR", DefaultValueFactory = _ => "circuitlasso-cola" };

    internal ColaCommand()
        : base(
            "cola",
            "The experiment on acceptability, end to end: features of a model's autoencoders over sentences, circuits of the label and of the log-probability that the model gives "
            + "the sentences, whole and per token, names, tests by ablation, curves over lambda, and a report to open in a browser.\n\n"
            + "What is finished in the folder is not done again, so that an interrupted run goes on with the same command.")
    {
        foreach (Option option in (Option[])[_model, _autoencoders, _text, _textColumn, _labelColumn, _task, _testText, _pairs, _sentences, _lambdaRatios, _shuffle, _random, _others, _seed, _out])
        {
            Add(option);
        }
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        string? model = options.GetValue(_model);
        if (model is not null && options.GetResult(_sentences) is { Implicit: false })
        {
            throw new InputException("--sentences", "is for the embedded model's grammar", "leave it out: all sentences of --text are used");
        }

        AcceptabilityOptions asked = _defaults with
        {
            ModelFolder = HubArguments.OptionalModelFolder(model, context),
            Autoencoders = HubArguments.Autoencoders(options.GetValue(_autoencoders)!, context),
            Text = options.GetValue(_text),
            TextColumn = options.GetValue(_textColumn),
            LabelColumn = options.GetValue(_labelColumn),
            Task = options.GetValue(_task),
            TestText = options.GetValue(_testText),
            Pairs = options.GetValue(_pairs),
            Sentences = options.GetValue(_sentences),
            LambdaRatios = options.GetValue(_lambdaRatios) is { Length: > 0 } ratios ? ratios : _defaults.LambdaRatios,
            ShuffleTarget = options.GetValue(_shuffle),
            RandomModel = options.GetValue(_random),
            OtherAutoencoders = HubArguments.Autoencoders(options.GetValue(_others)!, context),
            Seed = (ulong)options.GetValue(_seed),
        };
        AcceptabilityResult result;
        using (ProgressReport progress = context.StartProgress())
        {
            result = AcceptabilityExperiment.Run(options.GetRequiredValue(_out), asked, progress, context.Message, context.Cancellation);
        }

        AcceptabilitySummary summary = new(result);
        context.Print(output => summary.WriteText(output, context.Console), summary.WriteJson);
        if (result.Missed > 0)
        {
            context.Message(FormattableString.Invariant($"{result.Missed} regressions missed their tolerance"));
        }

        return result.Missed > 0 ? ExitCode.CheckFailed : ExitCode.Done;
    }
}
