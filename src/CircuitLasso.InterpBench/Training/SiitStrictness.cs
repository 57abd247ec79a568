namespace CircuitLasso.InterpBench;

/// <summary>Which nodes outside the circuit the strict loss swaps (SIIT, Gupta et al. 2024, section 3).</summary>
public enum SiitStrictness
{
    /// <summary>One node, drawn for every row: InterpBench's own choice. Such models may still use outside nodes that stand in for one another.</summary>
    Individual,

    /// <summary>Every node with a probability that is drawn for the row from 0 to 1, swapped together (InterpBench: one half for every row).</summary>
    All,

    /// <summary>Each row takes one of the two at random.</summary>
    Mixed,
}
