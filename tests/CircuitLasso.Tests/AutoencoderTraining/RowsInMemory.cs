namespace CircuitLasso.Tests;

/// <summary>Training rows held in memory.</summary>
internal sealed class RowsInMemory(float[] values, int width) : ITrainingRows
{
    public string Subject => "rows in memory";

    public string Fingerprint => $"{values.Length} numbers, {width} wide";

    public int Width => width;

    public long Count => values.Length / width;

    public void Read(long row, Span<float> destination) => values.AsSpan((int)row * width, width).CopyTo(destination);

    /// <summary>Rows that are sums of a few of many fixed directions, about a mean that is not zero.</summary>
    public static (RowsInMemory Rows, float[][] Directions) Planted(int count, int width, int directions, int active, ulong seed)
    {
        CircuitLasso.Tensors.RandomSource random = new(seed);
        float[][] planted = [.. Enumerable.Range(0, directions).Select(_ => Direction(random, width))];
        float[] mean = [.. Direction(random, width).Select(value => 3 * value)];
        float[] values = new float[count * width];
        for (int row = 0; row < count; row++)
        {
            Span<float> target = values.AsSpan(row * width, width);
            mean.CopyTo(target);
            for (int i = 0; i < active; i++)
            {
                float[] direction = planted[random.NextInt32(directions)];
                float strength = 1 + (float)random.NextDouble();
                for (int j = 0; j < width; j++)
                {
                    target[j] += strength * direction[j];
                }
            }
        }

        return (new RowsInMemory(values, width), planted);
    }

    private static float[] Direction(CircuitLasso.Tensors.RandomSource random, int width)
    {
        double[] values = [.. Enumerable.Range(0, width).Select(_ => random.NextNormal())];
        double norm = Math.Sqrt(values.Sum(value => value * value));
        return [.. values.Select(value => (float)(value / norm))];
    }
}
