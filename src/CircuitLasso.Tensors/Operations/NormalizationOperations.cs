namespace CircuitLasso.Tensors;

/// <summary>Normalisation over the last axis.</summary>
public static class NormalizationOperations
{
    /// <summary>Layer normalisation: (x - mean) / sqrt(variance + epsilon) gain + bias, with the variance over the width (not width - 1).</summary>
    /// <param name="x">[..., width].</param>
    /// <param name="gain">[width], or null for ones.</param>
    /// <param name="bias">[width], or null for zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor LayerNorm(this Tensor x, Tensor? gain, Tensor? bias, float epsilon) =>
        Normalize(x, gain, bias, epsilon, centred: true, gainOffset: 0);

    /// <summary>Root-mean-square normalisation: x / sqrt(mean of x^2 + epsilon) (gainOffset + gain).</summary>
    /// <param name="x">[..., width].</param>
    /// <param name="gain">[width], or null for no gain at all (then <paramref name="gainOffset"/> plays no part).</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="gainOffset">Added to every gain: 1 for Gemma, whose files store gain - 1.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor RmsNorm(this Tensor x, Tensor? gain, float epsilon, float gainOffset = 0) =>
        Normalize(x, gain, null, epsilon, centred: false, gainOffset);

    private static Tensor Normalize(Tensor x, Tensor? gain, Tensor? bias, float epsilon, bool centred, float gainOffset)
    {
        MatrixOperations.RequireRank(x, 1, nameof(x));
        int width = x.Dimension(-1);
        if (gain is not null)
        {
            TensorShape.RequireSame(gain.Shape, [width], nameof(gain));
        }

        if (bias is not null)
        {
            TensorShape.RequireSame(bias.Shape, [width], nameof(bias));
        }

        ITensorBackend backend = x.Backend;
        NormalizationLayout layout = new(TensorShape.Count(x.Shape[..^1]), width, epsilon, centred, gainOffset);
        TensorStorage y = backend.Allocate(x.Length, zeroed: false);
        TensorStorage statistics = backend.Allocate(2 * layout.Rows, zeroed: false);
        backend.Normalize(layout, x.Storage, gain?.Storage, bias?.Storage, y, statistics);
        return new Tensor(y, x.ShapeArray).Record(
            [x, gain, bias],
            (dy, flow) =>
            {
                TensorStorage? dx = GradientFlow.Needs(x) ? backend.Allocate(x.Length, zeroed: false) : null;
                TensorStorage? dgain = GradientFlow.Needs(gain) ? backend.Allocate(width, zeroed: false) : null;
                TensorStorage? dbias = GradientFlow.Needs(bias) ? backend.Allocate(width, zeroed: false) : null;
                backend.NormalizeGradient(layout, x.Storage, gain?.Storage, statistics, dy, dx, dgain, dbias);
                AddIfWanted(flow, x, dx);
                AddIfWanted(flow, gain, dgain);
                AddIfWanted(flow, bias, dbias);
            },
            statistics);
    }

    private static void AddIfWanted(GradientFlow flow, Tensor? input, TensorStorage? gradient)
    {
        if (gradient is not null)
        {
            flow.Add(input!, gradient);
        }
    }
}
