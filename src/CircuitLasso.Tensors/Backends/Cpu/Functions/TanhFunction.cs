using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>The hyperbolic tangent.</summary>
internal readonly struct TanhFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Tanh(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => (Vector<float>.One - y) * (Vector<float>.One + y);
}
