using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>x / (1 + e^-x).</summary>
internal readonly struct SiluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => x * VectorFunctions.Sigmoid(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> gate = VectorFunctions.Sigmoid(x);
        return Vector.FusedMultiplyAdd(x, gate * (Vector<float>.One - gate), gate);
    }
}
