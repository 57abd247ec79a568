namespace CircuitLasso;

/// <summary>How <c>sfc</c> works. Immutable.</summary>
public sealed record SparseFeatureCircuitOptions
{
    /// <summary>Steps of integrated gradients for the effects of nodes; 10 unless set, as published. 1 is plain attribution.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>Nodes of larger absolute effect are kept; .1 unless set. In units of the behaviour.</summary>
    public double NodeThreshold { get; init; } = 0.1;

    /// <summary>Edges of larger absolute weight are kept; .01 unless set. In units of the behaviour.</summary>
    public double EdgeThreshold { get; init; } = 0.01;

    /// <summary>Whether each position is a node of its own; otherwise effects and weights are summed over positions. All texts should then have like words at like positions.</summary>
    public bool KeepPositions { get; init; }
}
