using System.Numerics.Tensors;

namespace CircuitLasso.Models;

/// <content>Derivatives.</content>
public sealed partial class SparseAutoencoder
{
    /// <summary>
    /// The derivative by the input of <see cref="OutputScale"/> times one active feature: of what the feature adds to the output, in units of its direction. Which features are active is
    /// held fixed, as at almost every input it is.
    /// </summary>
    /// <param name="feature">The feature.</param>
    /// <param name="value">Its value on the input.</param>
    /// <param name="input">One activation, as wide as the input.</param>
    /// <param name="gradient">Takes as many numbers.</param>
    /// <exception cref="ArgumentException">A length is not the input's width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such feature.</exception>
    public void FeatureGradient(int feature, float value, ReadOnlySpan<float> input, Span<float> gradient)
    {
        RequireWidth(input, InputWidth, 1, nameof(input));
        RequireWidth(gradient, InputWidth, 1, nameof(gradient));
        float slope = Kind == SparseAutoencoderKind.Gated ? _parameters.MagnitudeScale![feature] : 1;
        TensorPrimitives.Multiply(EncoderDirection(feature), slope, gradient);
        if (Architecture.Normalization == InputNormalization.None)
        {
            return;
        }

        // With n = (x - shift) / divisor and the factor s: d(s f) = s df + f ds, where df = w dn and dn = (dx - dshift - n ds) / divisor. A transcoder does not scale back: df alone.
        InputScaling scaling = InputScaling.Of(Architecture.Normalization, input);
        bool centres = Architecture.Normalization is InputNormalization.LayerNorm or InputNormalization.Centered;
        bool scales = Architecture.Normalization is InputNormalization.LayerNorm or InputNormalization.ConstantNorm;
        float ratio = (ScalesBack ? scaling.Factor : 1) / scaling.Divisor;
        float shared = ScalesBack ? value : 0;
        float projection = 0;
        for (int i = 0; i < input.Length; i++)
        {
            projection += gradient[i] * (input[i] - scaling.Shift);
        }

        projection /= scaling.Divisor;
        float mean = centres ? TensorPrimitives.Sum(gradient) / input.Length : 0;
        float byFactor = !scales || scaling.Factor == 0 ? 0 : (shared - (ratio * projection)) / (scaling.Factor * (centres ? input.Length - 1 : input.Length));
        for (int i = 0; i < input.Length; i++)
        {
            gradient[i] = (ratio * (gradient[i] - mean)) + (byFactor * (input[i] - scaling.Shift));
        }
    }

    /// <summary>Whether the input's mean is added to the output, as where it was subtracted before encoding.</summary>
    public bool ShiftsOutput => ScalesBack && Architecture.Normalization is (InputNormalization.LayerNorm or InputNormalization.Centered);

    /// <summary>The derivative of <see cref="OutputScale"/> by the input: zeros where it is the same for every input.</summary>
    /// <param name="input">One activation, as wide as the input.</param>
    /// <param name="gradient">Takes as many numbers.</param>
    /// <exception cref="ArgumentException">A length is not the input's width.</exception>
    public void OutputScaleGradient(ReadOnlySpan<float> input, Span<float> gradient)
    {
        RequireWidth(input, InputWidth, 1, nameof(input));
        RequireWidth(gradient, InputWidth, 1, nameof(gradient));
        InputScaling scaling = InputScaling.Of(Architecture.Normalization, input);
        if (!ScalesBack || scaling.Factor == 0 || Architecture.Normalization == InputNormalization.Centered)
        {
            gradient.Clear();
            return;
        }

        // The root of a mean of squares about the shift; a standard deviation divides by one less.
        int count = Architecture.Normalization == InputNormalization.LayerNorm ? input.Length - 1 : input.Length;
        TensorPrimitives.Subtract(input, scaling.Shift, gradient);
        TensorPrimitives.Multiply(gradient, 1 / (scaling.Factor * count), gradient);
    }
}
