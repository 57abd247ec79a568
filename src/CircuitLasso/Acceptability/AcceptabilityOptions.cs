namespace CircuitLasso;

/// <summary>What <see cref="AcceptabilityExperiment"/> is asked to do.</summary>
public sealed record AcceptabilityOptions
{
    /// <summary>The model's folder; null, the default, takes the embedded model, its autoencoders, and sentences of its own grammar.</summary>
    public string? ModelFolder { get; init; }

    /// <summary>The model's autoencoders, as PATH or SITE=PATH. None with the embedded model.</summary>
    public IReadOnlyList<string> Autoencoders { get; init; } = [];

    /// <summary>The sentences with their labels; null with the embedded model.</summary>
    public string? Text { get; init; }

    /// <summary>Where the sentence is: a column's number from 1 or its name.</summary>
    public string? TextColumn { get; init; }

    /// <summary>Where the label is, named likewise; there must be one.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>Pairs of texts with a right and a wrong answer (<see cref="BehaviourTaskFile"/>), on which circuits are tested by ablation; null for no test. The embedded model has its own.</summary>
    public string? Task { get; init; }

    /// <summary>
    /// Labelled sentences that nothing is learnt from, in the columns of <see cref="Text"/>: circuits of the label are tested on them by ablation, where the label is predictable; null for no test. The embedded
    /// model has its own.
    /// </summary>
    public string? TestText { get; init; }

    /// <summary>How many pairs are taken at most.</summary>
    public int Pairs { get; init; } = 150;

    /// <summary>How many sentences are made with the embedded model: half of them grammatical, half their twins.</summary>
    public int Sentences { get; init; } = 2_400;

    /// <summary>The lambdas of the curves, each as a share of the smallest that leaves a regression empty; none for no curve.</summary>
    public IReadOnlyList<double> LambdaRatios { get; init; } = [0.5, 0.3, 0.1, 0.03];

    /// <summary>Whether all is learnt again for the targets in random order.</summary>
    public bool ShuffleTarget { get; init; }

    /// <summary>Whether all is learnt again from a model of the same shape with random weights, through the same autoencoders.</summary>
    public bool RandomModel { get; init; }

    /// <summary>Autoencoders of the same sites trained from another seed, with which all is learnt again; none for no such control.</summary>
    public IReadOnlyList<string> OtherAutoencoders { get; init; } = [];

    /// <summary>Seed of the sentences, of shuffles and of random weights.</summary>
    public ulong Seed { get; init; } = 1;
}
