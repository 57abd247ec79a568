namespace CircuitLasso.InterpBench;

/// <summary>What the suite runs. Immutable.</summary>
public sealed record SuiteOptions
{
    /// <summary>Cases to run; null runs all of the set.</summary>
    public IReadOnlyList<string>? Cases { get; init; }

    /// <summary>Names of methods to run; null runs all of <see cref="DiscoveryMethods"/>.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>Number of data seeds, from 0; 1 unless set.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Clean inputs of a task, and as many others to resample from; 1,000 unless set, as InterpBench's own runs.</summary>
    public int Samples { get; init; } = 1_000;

    /// <summary>
    /// The second truth holds the edges whose exact patching raises the loss by at least this share of the largest rise, pruned to paths; .02 unless set.
    /// </summary>
    public double ExactShare { get; init; } = 0.02;

    /// <summary>How the methods work.</summary>
    public DiscoveryOptions Discovery { get; init; } = new();
}
