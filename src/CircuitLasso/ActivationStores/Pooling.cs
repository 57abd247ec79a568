namespace CircuitLasso;

/// <summary>How the activations at the positions of a text become rows of a store.</summary>
public enum Pooling
{
    /// <summary>Every position is a row.</summary>
    None,

    /// <summary>One row a text: the last position.</summary>
    Last,

    /// <summary>One row a text: the mean over its positions.</summary>
    Mean,

    /// <summary>One row a text: the sum over its positions.</summary>
    Sum,

    /// <summary>One row a text: the greatest value over its positions, coordinate by coordinate.</summary>
    Max,
}
