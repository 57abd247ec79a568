namespace CircuitLasso.Tensors;

/// <summary>Tensors of random numbers, the same bytes on every platform for the same state of the source.</summary>
public static class RandomTensors
{
    /// <summary>Independent normal numbers.</summary>
    /// <param name="random">The source.</param>
    /// <param name="deviation">Standard deviation.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    public static Tensor NormalTensor(this RandomSource random, float deviation, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Fill(shape, () => (float)(deviation * random.NextNormal()));
    }

    /// <summary>Independent uniform numbers.</summary>
    /// <param name="random">The source.</param>
    /// <param name="low">The smallest.</param>
    /// <param name="high">The bound above.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    public static Tensor UniformTensor(this RandomSource random, float low, float high, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Fill(shape, () => (float)(low + (((double)high - low) * random.NextDouble())));
    }

    private static Tensor Fill(ReadOnlySpan<int> shape, Func<float> next)
    {
        float[] values = new float[checked((int)TensorShape.Count(shape))];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = next();
        }

        return Tensor.FromValues(values, shape);
    }
}
