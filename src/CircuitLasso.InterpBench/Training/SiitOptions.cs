namespace CircuitLasso.InterpBench;

/// <summary>
/// Settings of one training; a program file states its own in <see cref="KnownProgram.Training"/>. The same settings and program give the same model, whatever the number of threads.
/// </summary>
public sealed record SiitOptions
{
    /// <summary>Seed of the parameters, the data and the swaps; 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <summary>Which outside nodes the strict loss swaps; <see cref="SiitStrictness.Individual"/> by default.</summary>
    public SiitStrictness Strictness { get; init; }

    /// <summary>Pairs of a step, each seen three times: with an interchange, with a strict swap, as it is; 128 by default.</summary>
    public int PairsPerStep { get; init; } = 128;

    /// <summary>Learning rate at the start; .005 by default.</summary>
    public float LearningRate { get; init; } = 0.005f;

    /// <summary>How the learning rate falls; <see cref="SiitSchedule.Cosine"/> by default.</summary>
    public SiitSchedule Schedule { get; init; }

    /// <summary>Adam's decay of the mean of gradients; .9 by default.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Adam's decay of the mean of squares; .99 by default.</summary>
    public float Beta2 { get; init; } = 0.99f;

    /// <summary>Largest norm of the gradient of all parameters together; 1 by default.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Weight of the interchange loss; 1 by default.</summary>
    public float InterchangeWeight { get; init; } = 1;

    /// <summary>Weight of the strict loss; 1 by default.</summary>
    public float StrictWeight { get; init; } = 1;

    /// <summary>Weight of the behaviour loss; 1 by default.</summary>
    public float BehaviourWeight { get; init; } = 1;

    /// <summary>
    /// Whether circuit nodes are drawn for the interchange loss in proportion to what they lacked at the last evaluation (1 - interchange accuracy + .05), and not uniformly;
    /// false by default. It helps where one node is learned much later than the others.
    /// </summary>
    public bool FavoursLagging { get; init; }

    /// <summary>
    /// Factor of the output weights of nodes outside the circuit at the start; 1 by default. Where a model has many of them, a small one keeps what all of them together say to the others from
    /// drowning the circuit.
    /// </summary>
    public float OutsideScale { get; init; } = 1;

    /// <summary>Most steps; 10,000 by default.</summary>
    public int Steps { get; init; } = 10_000;

    /// <summary>Steps between evaluations; 100 by default.</summary>
    public int StepsPerEvaluation { get; init; } = 100;

    /// <summary>Pairs of an evaluation, held out from training where the program has inputs to spare; 1,000 by default.</summary>
    public int EvaluationPairs { get; init; } = 1000;

    /// <summary>
    /// What accuracy, interchange accuracy of every circuit node and strict accuracy of every outside node must all reach to end the training, and, where several nodes are swapped together in
    /// training, accuracy with all outside nodes swapped too; .995 by default.
    /// </summary>
    public double Threshold { get; init; } = 0.995;

    /// <summary>Throws where a number is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public void RequireValid()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PairsPerStep, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(StepsPerEvaluation, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(EvaluationPairs, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LearningRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(GradientClip);
        ArgumentOutOfRangeException.ThrowIfNegative(InterchangeWeight);
        ArgumentOutOfRangeException.ThrowIfNegative(StrictWeight);
        ArgumentOutOfRangeException.ThrowIfNegative(BehaviourWeight);
        ArgumentOutOfRangeException.ThrowIfNegative(Beta1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Beta1, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Beta2);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Beta2, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(OutsideScale);
        ArgumentOutOfRangeException.ThrowIfNegative(Threshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threshold, 1);
    }
}
