using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>One training in a folder: state while it runs, then the model, its program and its log. The same call goes on where an interrupted one stopped.</summary>
public static class KnownCircuitTraining
{
    /// <summary>File of the model's program within a model folder.</summary>
    public const string ProgramFile = "program.json";

    /// <summary>File of the training's log within a model folder.</summary>
    public const string LogFile = "training.json";

    private const string StateFile = "training-state.safetensors";

    /// <summary>Trains a model for a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">Settings.</param>
    /// <param name="folder">Where everything goes; it is made if need be.</param>
    /// <param name="evaluated">Called after every evaluation.</param>
    /// <param name="progress">Takes the number of steps.</param>
    /// <param name="cancellation">Stops the training; what the last evaluation saved stays.</param>
    /// <exception cref="InputException">The folder holds a finished model, or the state of another training, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SiitTrainingResult Run(
        KnownProgram program, SiitOptions options, string folder, Action<SiitTrainingPoint>? evaluated = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(folder);
        string state = Path.Combine(folder, StateFile);
        if (File.Exists(Path.Combine(folder, LogFile)))
        {
            throw new InputException(folder, "already holds a finished training", "choose another folder");
        }

        using SiitTrainer trainer = new(program, options);
        Directory.CreateDirectory(folder);
        if (File.Exists(state))
        {
            trainer.LoadState(state);
        }

        while (!trainer.IsDone)
        {
            SiitTrainingPoint point = trainer.TrainToNextEvaluation(progress, cancellation);
            trainer.SaveState(state);
            evaluated?.Invoke(point);
        }

        SiitTrainingResult result = trainer.Finish(cancellation);
        ModelCheckpoint.SaveHookedTransformer(trainer.Model, folder);
        AtomicFile.WriteAllBytes(Path.Combine(folder, ProgramFile), program.Json.Span);
        AtomicFile.WriteAllText(Path.Combine(folder, LogFile), TrainingLog.Write(program, options, result));
        File.Delete(state);
        return result;
    }
}
