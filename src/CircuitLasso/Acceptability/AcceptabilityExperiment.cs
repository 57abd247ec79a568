using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The experiment on judgements of acceptability, end to end: features of a model's autoencoders over sentences, pooled by their mean; circuits of the sentences' label and of the
/// log-probability that the model gives them, whole and per token; names, tests by ablation, curves over lambda, controls, and a web page. Goes on where an interrupted call stopped.
/// </summary>
public static class AcceptabilityExperiment
{
    /// <summary>Name of the log of finished parts in the folder.</summary>
    public const string LogFile = "stages.json";

    /// <summary>Runs it.</summary>
    /// <param name="folder">Where stores, circuits and the report go; made if need be. What an earlier run finished there with the same options is kept.</param>
    /// <param name="options">What to do; the embedded model's own experiment if null.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="message">Told about each step, for people.</param>
    /// <param name="cancellation">Stops the work; the same call goes on.</param>
    /// <exception cref="InputException">Something is missing or does not fit, or the folder holds a store of something else.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static AcceptabilityResult Run(
        string folder, AcceptabilityOptions? options = null, IProgress<WorkProgress>? progress = null, Action<string>? message = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        options ??= new AcceptabilityOptions();
        AcceptabilityInputs.Require(options.LambdaRatios.All(ratio => ratio is > 0 and <= 1), "--lambda-ratio", "is not above 0 and at most 1", "give shares of the largest lambda, such as 0.1");
        AcceptabilityInputs.Require(options.LambdaRatios.Distinct().Count() == options.LambdaRatios.Count, "--lambda-ratio", "names a share twice", "give each once");
        AcceptabilityInputs.Require(options.Pairs >= 1, "--pairs", "is not at least one", "give more");
        Directory.CreateDirectory(folder);
        AcceptabilityInputs inputs = AcceptabilityInputs.Prepare(folder, options);
        return new AcceptabilityRun(folder, inputs, options, progress, message, cancellation).Run();
    }
}
