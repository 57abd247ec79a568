using System.CommandLine;
using System.Globalization;
using CircuitLasso.InterpBench;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>bench train</c>.</summary>
internal sealed class BenchTrainCommand : ToolCommand
{
    private readonly Option<string> _program = new("--program") { Description = "A program file; docs/programs.md describes the format.", HelpName = "FILE", Required = true };

    private readonly Option<string> _out = new("--out") { Description = "Folder of the model, its program and its log.", HelpName = "DIR", Required = true };

    private readonly Option<int?> _seed = new("--seed") { Description = "Seed of parameters, inputs and swaps [default: the program's, or 0].", HelpName = "N" };

    private readonly Option<string?> _strict = new Option<string?>("--strict")
    {
        Description = "Which nodes outside the circuit are swapped together in training: individual (one), all (each with a probability drawn for the row) or mixed (rows of both) "
            + "[default: the program's, or individual].",
        HelpName = "KIND",
    }.AcceptOnlyFromAmong("individual", "all", "mixed");

    private readonly Option<int?> _steps = new("--steps") { Description = "Most steps [default: the program's, or 10000].", HelpName = "N" };

    private readonly Option<int?> _pairs = new("--pairs") { Description = "Pairs of inputs a step [default: the program's, or 128].", HelpName = "N" };

    private readonly Option<double?> _rate = new("--learning-rate") { Description = "Learning rate at the first step [default: the program's, or 0.005].", HelpName = "X" };

    private readonly Option<double?> _outsideScale = new("--outside-scale")
    {
        Description = "Factor of what nodes outside the circuit write at the start [default: the program's, or 1].",
        HelpName = "X",
    };

    private readonly Option<double?> _threshold = new("--threshold")
    {
        Description = "Accuracy, and interchange or strict accuracy of every node, that end the training [default: the program's, or 0.995].",
        HelpName = "X",
    };

    internal BenchTrainCommand()
        : base(
            "train",
            "Train a model whose circuit is known, from a program (strict interchange intervention training).\n\n"
            + "Training ends when accuracy, interchange accuracy (a circuit node swapped, in the model as in the program) and strict accuracy (a node outside the circuit swapped), of "
            + "every single node, all reach the threshold on held-out inputs; with --strict all or mixed, accuracy with all outside nodes swapped must reach it too. Where that is missed, the best model "
            + "is kept and the exit code is 3. An interrupted training goes on with the same command. What is not given here is taken from the program's own 'training'.")
    {
        Add(_program);
        Add(_out);
        Add(_seed);
        Add(_strict);
        Add(_steps);
        Add(_pairs);
        Add(_rate);
        Add(_outsideScale);
        Add(_threshold);
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        KnownProgram program = KnownProgram.Load(options.GetRequiredValue(_program));
        SiitOptions training = program.Training;
        if (options.GetValue(_seed) is { } seed)
        {
            RequireRange("--seed", seed, seed >= 0);
            training = training with { Seed = (ulong)seed };
        }

        training = training with
        {
            Strictness = options.GetValue(_strict) is { } strict ? Enum.Parse<SiitStrictness>(strict, ignoreCase: true) : training.Strictness,
            Steps = options.GetValue(_steps) ?? training.Steps,
            PairsPerStep = options.GetValue(_pairs) ?? training.PairsPerStep,
            LearningRate = (float)(options.GetValue(_rate) ?? training.LearningRate),
            OutsideScale = (float)(options.GetValue(_outsideScale) ?? training.OutsideScale),
            Threshold = options.GetValue(_threshold) ?? training.Threshold,
        };
        RequireRange("--steps", training.Steps, training.Steps >= 1);
        RequireRange("--pairs", training.PairsPerStep, training.PairsPerStep is >= 1 and <= 65_536);
        RequireRange("--learning-rate", training.LearningRate, training.LearningRate is > 0 and <= 1);
        RequireRange("--outside-scale", training.OutsideScale, training.OutsideScale is >= 0 and <= 1_000);
        RequireRange("--threshold", training.Threshold, training.Threshold is >= 0 and <= 1);
        string folder = options.GetRequiredValue(_out);
        context.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"program {program.Id}: {program.Shape.Layers} layers of {program.Shape.Heads} heads, width {program.Shape.Width}; at most {training.Steps} steps of {training.PairsPerStep} pairs"));
        SiitTrainingResult result;
        using (ProgressReport progress = context.StartProgress())
        {
            result = KnownCircuitTraining.Run(program, training, folder, null, progress, context.Cancellation);
        }

        context.Print(
            output => output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"step {result.Step}: accuracy {100 * result.Scores.Accuracy:F2} %, interchange accuracy {100 * result.Scores.MeanInterchange:F2} %, "
                + $"strict accuracy {100 * result.Scores.MeanStrict:F2} %, with all outside nodes swapped {100 * result.Scores.AllOutside:F2} %")),
            json =>
            {
                json.WriteString("program", program.Id);
                json.WriteString("folder", folder);
                json.WriteBoolean("reached_threshold", result.ReachedThreshold);
                json.WriteNumber("step", result.Step);
                json.WriteNumber("accuracy", result.Scores.Accuracy);
                json.WriteNumber("interchange_accuracy", result.Scores.MeanInterchange);
                json.WriteNumber("strict_accuracy", result.Scores.MeanStrict);
                json.WriteNumber("accuracy_with_all_outside_nodes_swapped", result.Scores.AllOutside);
            });
        if (result.ReachedThreshold)
        {
            return ExitCode.Done;
        }

        context.Message(string.Create(CultureInfo.InvariantCulture, $"the threshold of {training.Threshold:P1} was not reached in {training.Steps} steps; the best model is kept"));
        return ExitCode.CheckFailed;
    }

    private static void RequireRange(string option, double value, bool isWithin)
    {
        if (!isWithin)
        {
            throw new InputException(option, string.Create(CultureInfo.InvariantCulture, $"{value} is out of range"), "see --help");
        }
    }
}
