using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>The tanh approximation of x Phi(x).</summary>
internal readonly struct GeluTanhFunction : IUnaryFunction
{
    private const float Factor = 0.797884561f;
    private const float Cubic = 0.044715f;

    // 1/2 (1 + tanh u) is the sigmoid of 2u.
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => x * Gate(x, x * x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> square = x * x;
        Vector<float> gate = Gate(x, square);
        Vector<float> inner = Vector.FusedMultiplyAdd(square, Vector.Create(2 * 3 * Factor * Cubic), Vector.Create(2 * Factor));
        return Vector.FusedMultiplyAdd(x * inner, gate * (Vector<float>.One - gate), gate);
    }

    private static Vector<float> Gate(Vector<float> x, Vector<float> square) =>
        VectorFunctions.Sigmoid(x * Vector.FusedMultiplyAdd(square, Vector.Create(2 * Factor * Cubic), Vector.Create(2 * Factor)));
}
