using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>
/// The mean of a difference over cases and its 95 % interval by the bootstrap: cases are drawn with replacement, both methods of a case together, and the interval runs
/// from the 2.5th to the 97.5th percentile of the means (Efron 1979). A few cases are a small sample: the interval is rough below ten.
/// </summary>
/// <param name="Mean">The mean difference.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public sealed record PairedBootstrap(double Mean, double Low, double High)
{
    /// <summary>How often the cases are drawn.</summary>
    public const int Draws = 10_000;

    /// <summary>The interval of a mean of differences; the same seed gives the same interval.</summary>
    /// <param name="differences">One difference a case, at least one.</param>
    /// <param name="seed">The seed.</param>
    /// <exception cref="ArgumentException">There is no case.</exception>
    public static PairedBootstrap Of(IReadOnlyList<double> differences, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(differences);
        if (differences.Count == 0)
        {
            throw new ArgumentException("There is no case.", nameof(differences));
        }

        RandomSource random = new(seed);
        double[] means = new double[Draws];
        for (int draw = 0; draw < Draws; draw++)
        {
            double sum = 0;
            for (int i = 0; i < differences.Count; i++)
            {
                sum += differences[random.NextInt32(differences.Count)];
            }

            means[draw] = sum / differences.Count;
        }

        Array.Sort(means);
        return new PairedBootstrap(differences.Average(), Percentile(means, 0.025), Percentile(means, 0.975));
    }

    // Linear between order statistics, as NumPy's default.
    private static double Percentile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
