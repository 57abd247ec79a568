namespace CircuitLasso.Tensors;

/// <summary>Functions of one number, element by element.</summary>
public static class ActivationOperations
{
    /// <summary>x Phi(x), exactly (through erf): Hugging Face's <c>gelu</c>.</summary>
    public static Tensor Gelu(this Tensor x) => Compute(UnaryFunction.Gelu, x);

    /// <summary>The tanh approximation of GELU: Hugging Face's <c>gelu_new</c> and <c>gelu_pytorch_tanh</c>.</summary>
    public static Tensor GeluTanh(this Tensor x) => Compute(UnaryFunction.GeluTanh, x);

    /// <summary>x / (1 + exp(-x)).</summary>
    public static Tensor Silu(this Tensor x) => Compute(UnaryFunction.Silu, x);

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static Tensor Sigmoid(this Tensor x) => Compute(UnaryFunction.Sigmoid, x);

    /// <summary>max(x, 0).</summary>
    public static Tensor Relu(this Tensor x) => Compute(UnaryFunction.Relu, x);

    /// <summary>The hyperbolic tangent.</summary>
    public static Tensor Tanh(this Tensor x) => Compute(UnaryFunction.Tanh, x);

    /// <summary>e^x.</summary>
    public static Tensor Exp(this Tensor x) => Compute(UnaryFunction.Exp, x);

    /// <summary>The natural logarithm; NaN below zero.</summary>
    public static Tensor Log(this Tensor x) => Compute(UnaryFunction.Log, x);

    /// <summary>cap tanh(x / cap): a soft limit of the absolute value.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="cap">The limit, above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cap"/> is not above zero.</exception>
    public static Tensor SoftCap(this Tensor x, float cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        return Compute(UnaryFunction.SoftCap, x, cap);
    }

    private static Tensor Compute(UnaryFunction function, Tensor x, float parameter = 0)
    {
        TensorStorage y = x.Backend.Allocate(x.Length, zeroed: false);
        x.Backend.Unary(function, parameter, x.Storage, y);
        return new Tensor(y, x.ShapeArray).Record([x], (dy, flow) =>
        {
            TensorStorage dx = dy.Backend.Allocate(dy.Length, zeroed: false);
            dy.Backend.UnaryGradient(function, parameter, x.Storage, y, dy, dx);
            flow.Add(x, dx);
        });
    }
}
