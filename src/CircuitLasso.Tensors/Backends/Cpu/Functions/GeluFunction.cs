using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>x Phi(x) through the error function.</summary>
internal readonly struct GeluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => x * Distribution(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> density = Vector.Create(0.398942280f) * VectorFunctions.ExpFlushed(x * x * Vector.Create(-0.5f));
        return Vector.FusedMultiplyAdd(x, density, Distribution(x));
    }

    private static Vector<float> Distribution(Vector<float> x)
    {
        Vector<float> half = Vector.Create(0.5f);
        return Vector.FusedMultiplyAdd(half, VectorFunctions.Erf(x * Vector.Create(0.707106781f)), half);
    }
}
