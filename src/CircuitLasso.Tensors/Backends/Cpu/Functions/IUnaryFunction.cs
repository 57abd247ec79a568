using System.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>A function of one number and its gradient, on vectors; implementations are structs, so that the loops specialise on them.</summary>
internal interface IUnaryFunction
{
    static abstract Vector<float> Value(Vector<float> x, Vector<float> parameter);

    static abstract Vector<float> Derivative(Vector<float> x, Vector<float> y, Vector<float> parameter);
}
