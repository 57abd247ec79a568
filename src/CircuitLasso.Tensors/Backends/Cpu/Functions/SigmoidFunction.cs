using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>1 / (1 + e^-x).</summary>
internal readonly struct SigmoidFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Sigmoid(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => y * (Vector<float>.One - y);
}
