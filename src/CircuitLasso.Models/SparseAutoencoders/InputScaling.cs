using System.Numerics.Tensors;

namespace CircuitLasso.Models;

/// <summary>The shift and the factor that an <see cref="InputNormalization"/> takes from one row: normalised = (x - Shift) / Divisor, back: y Factor + Shift.</summary>
/// <param name="Shift">What is subtracted.</param>
/// <param name="Divisor">What the rest is divided by.</param>
/// <param name="Factor">What a reconstruction is multiplied by: LayerNorm divides by a little more than it multiplies by.</param>
internal readonly record struct InputScaling(float Shift, float Divisor, float Factor)
{
    private const double Epsilon = 1e-5;

    public static InputScaling Of(InputNormalization normalization, ReadOnlySpan<float> row)
    {
        if (normalization == InputNormalization.None)
        {
            return new InputScaling(0, 1, 1);
        }

        double sum = 0;
        double squares = 0;
        foreach (float value in row)
        {
            sum += value;
            squares += (double)value * value;
        }

        if (normalization == InputNormalization.ConstantNorm)
        {
            double factor = Math.Sqrt(squares / row.Length);
            return new InputScaling(0, factor == 0 ? 1 : (float)factor, (float)factor);
        }

        double mean = sum / row.Length;
        if (normalization == InputNormalization.Centered)
        {
            return new InputScaling((float)mean, 1, 1);
        }

        double deviations = 0;
        foreach (float value in row)
        {
            deviations += (value - mean) * (value - mean);
        }

        double deviation = Math.Sqrt(deviations / (row.Length - 1));
        return new InputScaling((float)mean, (float)(deviation + Epsilon), (float)deviation);
    }

    public void Normalize(ReadOnlySpan<float> row, Span<float> normalized)
    {
        TensorPrimitives.Subtract(row, Shift, normalized);
        TensorPrimitives.Divide(normalized, Divisor, normalized);
    }

    public void Restore(Span<float> row)
    {
        TensorPrimitives.Multiply(row, Factor, row);
        TensorPrimitives.Add(row, Shift, row);
    }
}
