namespace CircuitLasso.Tensors;

/// <summary>Functions of one number that a backend evaluates element by element.</summary>
public enum UnaryFunction
{
    /// <summary>x Phi(x) with the normal distribution function, through erf.</summary>
    Gelu,

    /// <summary>The tanh approximation of <see cref="Gelu"/>: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    GeluTanh,

    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>max(x, 0); the derivative at 0 is 0.</summary>
    Relu,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>e^x.</summary>
    Exp,

    /// <summary>The natural logarithm.</summary>
    Log,

    /// <summary>c tanh(x / c), where c is the function's parameter.</summary>
    SoftCap,
}
