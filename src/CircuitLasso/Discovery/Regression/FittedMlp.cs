using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>An MLP as it was fitted: f(x) = g(x V + b) W + c, with x what the norm gives before its gain. Immutable.</summary>
/// <param name="inputWeights">V, read x hidden.</param>
/// <param name="inputBias">b.</param>
/// <param name="outputWeights">W, hidden x written.</param>
/// <param name="outputBias">c.</param>
/// <param name="activation">g.</param>
internal sealed class FittedMlp(float[] inputWeights, float[] inputBias, float[] outputWeights, float[] outputBias, Activation activation)
{
    /// <summary>Hidden units.</summary>
    public int Hidden => inputBias.Length;

    /// <summary>V, read x hidden.</summary>
    public float[] InputWeights => inputWeights;

    /// <summary>W, hidden x written.</summary>
    public float[] OutputWeights => outputWeights;

    /// <summary>Numbers read.</summary>
    public int Read => inputWeights.Length / Hidden;

    /// <summary>Numbers written.</summary>
    public int Written => outputBias.Length;

    /// <summary>g of every number, in place.</summary>
    public void Activate(Span<float> values)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        Tensor x = Tensor.FromValues(values, values.Length);
        Tensor activated = activation switch
        {
            Activation.Gelu => x.Gelu(),
            Activation.GeluTanh => x.GeluTanh(),
            Activation.Silu => x.Silu(),
            _ => x.Relu(),
        };
        activated.CopyTo(values);
    }

    /// <summary>x V + b: what the hidden units see.</summary>
    /// <param name="x">Rows x <see cref="Read"/>.</param>
    /// <returns>Rows x hidden.</returns>
    public float[] HiddenInputs(ReadOnlySpan<float> x) => Affine(x, Read, inputWeights, inputBias);

    /// <summary>f(x).</summary>
    /// <param name="x">Rows x <see cref="Read"/>.</param>
    /// <returns>Rows x <see cref="Written"/>.</returns>
    public float[] Apply(ReadOnlySpan<float> x)
    {
        float[] hidden = HiddenInputs(x);
        Activate(hidden);
        return Affine(hidden, Hidden, outputWeights, outputBias);
    }

    private static float[] Affine(ReadOnlySpan<float> x, int columns, float[] weights, float[] bias)
    {
        int rows = x.Length / columns;
        float[] result = new float[rows * bias.Length];
        for (int row = 0; row < rows; row++)
        {
            bias.CopyTo(result, row * bias.Length);
        }

        MatrixProduct.Gemm(false, false, rows, bias.Length, columns, 1f, x, columns, weights, bias.Length, 1f, result, bias.Length);
        return result;
    }
}
