namespace CircuitLasso;

/// <summary>What is done with the errors of autoencoders when nodes are ablated.</summary>
public enum ErrorHandling
{
    /// <summary>An error is a node like a feature: kept where it is in the circuit.</summary>
    Ranked,

    /// <summary>Every error is ablated, whatever is in the circuit.</summary>
    Removed,

    /// <summary>Every error is kept, also in the complement of a circuit and with nothing kept.</summary>
    Kept,

    /// <summary>Errors of the residual stream are nodes like features; those of sites that are added to it are ablated.</summary>
    ResidualOnly,
}
