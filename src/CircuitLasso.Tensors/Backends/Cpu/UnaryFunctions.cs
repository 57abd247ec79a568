using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>A function of one number and its gradient, on vectors; implementations are structs, so that the loops specialise on them.</summary>
internal interface IUnaryFunction
{
    static abstract Vector<float> Value(Vector<float> x, Vector<float> parameter);

    static abstract Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter);
}

internal readonly struct GeluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => x * Distribution(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> density = Vector.Create(0.398942280f) * VectorFunctions.Exp(x * x * Vector.Create(-0.5f));
        return Vector.FusedMultiplyAdd(x, density, Distribution(x));
    }

    private static Vector<float> Distribution(Vector<float> x)
    {
        Vector<float> half = Vector.Create(0.5f);
        return Vector.FusedMultiplyAdd(half, VectorFunctions.Erf(x * Vector.Create(0.707106781f)), half);
    }
}

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

internal readonly struct SiluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => x * VectorFunctions.Sigmoid(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> gate = VectorFunctions.Sigmoid(x);
        return Vector.FusedMultiplyAdd(x, gate * (Vector<float>.One - gate), gate);
    }
}

internal readonly struct SigmoidFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Sigmoid(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => y * (Vector<float>.One - y);
}

internal readonly struct ReluFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => Vector.Max(x, Vector<float>.Zero);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) =>
        Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, Vector<float>.Zero);
}

internal readonly struct TanhFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Tanh(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => (Vector<float>.One - y) * (Vector<float>.One + y);
}

internal readonly struct ExpFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => VectorFunctions.Exp(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => y;
}

internal readonly struct LogFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => Vector.Log(x);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter) => Vector<float>.One / x;
}

internal readonly struct SoftCapFunction : IUnaryFunction
{
    public static Vector<float> Value(Vector<float> x, Vector<float> parameter) => parameter * VectorFunctions.Tanh(x / parameter);

    public static Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter)
    {
        Vector<float> tanh = y / parameter;
        return (Vector<float>.One - tanh) * (Vector<float>.One + tanh);
    }
}
