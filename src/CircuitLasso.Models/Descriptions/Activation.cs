namespace CircuitLasso.Models;

/// <summary>The nonlinearity of an MLP.</summary>
public enum Activation
{
    /// <summary>x Phi(x), Phi the normal distribution function.</summary>
    Gelu,

    /// <summary>The tanh approximation of GELU (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>max(x, 0).</summary>
    Relu,
}
