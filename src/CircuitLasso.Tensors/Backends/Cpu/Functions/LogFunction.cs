using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>The natural logarithm.</summary>
internal readonly struct LogFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => Vector.Log(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => Vector<float>.One / x;
}
