namespace CircuitLasso.InterpBench;

/// <summary>
/// How InterpBench trained its own model of a program, as the file states it; the defaults are those of its command line. <see cref="SiitTrainer"/> has a recipe of its own
/// (<see cref="SiitOptions"/>) and does not use these.
/// </summary>
public sealed record TrainingSettings
{
    /// <summary>Adam's learning rate; default 0.001.</summary>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>Adam's two decay rates; default 0.9 and 0.9.</summary>
    public (double First, double Second) AdamDecay { get; init; } = (0.9, 0.9);

    /// <summary>Pairs of a batch; default 256.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Weight of the interchange loss; default 1.</summary>
    public double InterchangeWeight { get; init; } = 1;

    /// <summary>Weight of the behaviour loss; default 1.</summary>
    public double BehaviourWeight { get; init; } = 1;

    /// <summary>Weight of the strict loss as the file states it; default 0.4. InterpBench's own training multiplies by it twice.</summary>
    public double StrictWeight { get; init; } = 0.4;

    /// <summary>Whether one step is made on the sum of the losses, and not one step on each in turn; default false.</summary>
    public bool UsesSingleLoss { get; init; }

    /// <summary>Epochs at most; default 2000.</summary>
    public int MaximumEpochs { get; init; } = 2_000;

    /// <summary>Largest norm of the gradient; default 0.1.</summary>
    public double GradientClip { get; init; } = 0.1;

    /// <summary>Whether the learning rate falls linearly to 0.0002; default false.</summary>
    public bool HasLinearSchedule { get; init; }

    /// <summary>How the strict loss draws outside nodes: <c>individual</c> (default), <c>sample_all</c> or <c>all</c>.</summary>
    public string StrictSampling { get; init; } = "individual";

    /// <summary>Whether interchange accuracy is measured over all nodes, and not over one random node a batch; default false.</summary>
    public bool ValidatesAllNodes { get; init; }

    /// <summary>Accuracy in percent at which training stops; default 99.5.</summary>
    public double AccuracyThreshold { get; init; } = 99.5;

    /// <summary>The published seed, where there is one.</summary>
    public int? Seed { get; init; }
}
