using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>e^x.</summary>
internal readonly struct ExpFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Exp(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => y;
}
