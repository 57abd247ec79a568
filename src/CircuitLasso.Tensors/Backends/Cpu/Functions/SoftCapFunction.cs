using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>c tanh(x / c), where c is the parameter.</summary>
internal readonly struct SoftCapFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => parameter * VectorFunctions.Tanh(x / parameter);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> tanh = y / parameter;
        return (Vector<float>.One - tanh) * (Vector<float>.One + tanh);
    }
}
