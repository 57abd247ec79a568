namespace CircuitLasso.Models;

/// <summary>Rotary position embedding (Su et al. 2021) on the first dimensions of each head, in half-split pairs (i, i + RotatedWidth / 2).</summary>
/// <param name="RotatedWidth">Number of leading dimensions of a head that are rotated; even.</param>
/// <param name="InverseFrequencies">RotatedWidth / 2 angles per position, in radians, any scaling included.</param>
public sealed record RotaryDescription(int RotatedWidth, IReadOnlyList<float> InverseFrequencies)
{
    /// <summary>theta^(-2 i / width) for i below width / 2.</summary>
    public static RotaryDescription FromBase(int rotatedWidth, double theta) => new(rotatedWidth, BaseFrequencies(rotatedWidth, theta));

    /// <summary>
    /// Llama 3's scaling by parts: wavelengths beyond <paramref name="originalPositions"/> / <paramref name="lowFrequencyFactor"/> are stretched by
    /// <paramref name="factor"/>, those below originalPositions / <paramref name="highFrequencyFactor"/> stay, the rest is interpolated.
    /// </summary>
    public static RotaryDescription FromLlama3(int rotatedWidth, double theta, double factor, double lowFrequencyFactor, double highFrequencyFactor, double originalPositions)
    {
        float[] frequencies = BaseFrequencies(rotatedWidth, theta);
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = Math.Pow(theta, -2.0 * i / rotatedWidth);
            double wavelength = 2 * Math.PI / frequency;
            double smooth = ((originalPositions / wavelength) - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
            double scaled = wavelength < originalPositions / highFrequencyFactor ? frequency
                : wavelength > originalPositions / lowFrequencyFactor ? frequency / factor
                : ((1 - smooth) * frequency / factor) + (smooth * frequency);
            frequencies[i] = (float)scaled;
        }

        return new RotaryDescription(rotatedWidth, frequencies);
    }

    private static float[] BaseFrequencies(int rotatedWidth, double theta)
    {
        float[] frequencies = new float[rotatedWidth / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = (float)Math.Pow(theta, -2.0 * i / rotatedWidth);
        }

        return frequencies;
    }
}
