namespace CircuitLasso.Tensors;

/// <summary>
/// The inverse frequencies of a rotary position embedding: at position p, pair i turns by the angle p f_i. Scaled variants (Llama 3) hand in
/// scaled frequencies. Immutable but for a cache of the last angles; thread-safe.
/// </summary>
public sealed class RotaryFrequencies
{
    private readonly float[] _inverseFrequencies;
    private Table? _last;

    /// <summary>Creates the frequencies.</summary>
    /// <param name="inverseFrequencies">One for every pair (i, i + n/2) of the n rotated elements, in radians a position.</param>
    public RotaryFrequencies(ReadOnlySpan<float> inverseFrequencies) => _inverseFrequencies = inverseFrequencies.ToArray();

    /// <summary>Number of elements of a head that are rotated, from the first on: two for each frequency.</summary>
    public int RotatedWidth => 2 * _inverseFrequencies.Length;

    /// <summary>The inverse frequencies.</summary>
    public ReadOnlySpan<float> InverseFrequencies => _inverseFrequencies;

    /// <summary>The usual frequencies, theta^(-2i/n) for i = 0 .. n/2 - 1.</summary>
    /// <param name="rotatedWidth">n, even.</param>
    /// <param name="theta">The base, 10000 in most models.</param>
    /// <exception cref="ArgumentException"><paramref name="rotatedWidth"/> is odd or negative.</exception>
    public static RotaryFrequencies FromBase(int rotatedWidth, double theta)
    {
        if (rotatedWidth < 0 || rotatedWidth % 2 != 0)
        {
            throw new ArgumentException($"A rotated width of {rotatedWidth} is not made of pairs.", nameof(rotatedWidth));
        }

        float[] frequencies = new float[rotatedWidth / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = (float)Math.Pow(theta, -2.0 * i / rotatedWidth);
        }

        return new RotaryFrequencies(frequencies);
    }

    /// <summary>Cosines and sines, one row for every position.</summary>
    internal Table AnglesAt(ReadOnlySpan<int> positions)
    {
        Table? last = Volatile.Read(ref _last);
        if (last is not null && positions.SequenceEqual(last.Positions))
        {
            return last;
        }

        int pairs = _inverseFrequencies.Length;
        float[] cosines = new float[positions.Length * pairs];
        float[] sines = new float[positions.Length * pairs];
        for (int p = 0; p < positions.Length; p++)
        {
            for (int i = 0; i < pairs; i++)
            {
                // The angle is rounded to float32 as the reference implementations do; its functions are evaluated in float64.
                (double sine, double cosine) = Math.SinCos(positions[p] * _inverseFrequencies[i]);
                cosines[(p * pairs) + i] = (float)cosine;
                sines[(p * pairs) + i] = (float)sine;
            }
        }

        Table table = new(positions.ToArray(), cosines, sines);
        Volatile.Write(ref _last, table);
        return table;
    }

    internal sealed record Table(int[] Positions, float[] Cosines, float[] Sines);
}
