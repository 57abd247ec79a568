namespace CircuitLasso.Tensors;

/// <summary>Functions of two numbers that a backend evaluates element by element.</summary>
public enum BinaryFunction
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a - b.</summary>
    Subtract,

    /// <summary>a b.</summary>
    Multiply,
}
