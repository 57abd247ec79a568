using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>max(x, 0).</summary>
internal readonly struct ReluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => Vector.Max(x, Vector<float>.Zero);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, Vector<float>.Zero);
}
