namespace CircuitLasso.Tensors;

/// <summary>The Euclidean norm of all gradients together.</summary>
public static class GradientNorm
{
    /// <summary>Scales the gradients so that their norm is at most <paramref name="maximum"/>.</summary>
    /// <param name="parameters">Tensors; those without a gradient do not count.</param>
    /// <param name="maximum">The largest norm, above zero.</param>
    /// <returns>The norm before scaling. Where it is not finite nothing is scaled.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximum"/> is not above zero.</exception>
    public static double Clip(IEnumerable<Tensor> parameters, double maximum)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.Gradient).OfType<Tensor>()];
        double norm = Math.Sqrt(gradients.Sum(gradient => gradient.Backend.SumOfSquares(gradient.Storage)));
        if (double.IsFinite(norm) && norm > maximum)
        {
            foreach (Tensor gradient in gradients)
            {
                gradient.Backend.Affine(gradient.Storage, (float)(maximum / norm), 0, gradient.Storage);
            }
        }

        return norm;
    }
}
