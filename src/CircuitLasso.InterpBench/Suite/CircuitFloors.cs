namespace CircuitLasso.InterpBench;

/// <summary>
/// What knows nothing about a circuit, in closed form: the measure of every table. A true circuit is small, so that predicting nothing already has a small Hamming distance.
/// </summary>
public static class CircuitFloors
{
    /// <summary>Name of the floor that predicts no edge.</summary>
    public const string EmptyName = "empty";

    /// <summary>Name of the floor that predicts every candidate.</summary>
    public const string FullName = "full";

    /// <summary>Name of the floor that predicts as many edges as are true, at random.</summary>
    public const string RandomName = "random";

    /// <summary>No edge, and the same score for all.</summary>
    /// <param name="truth">Number of true edges.</param>
    /// <param name="candidates">Number of candidates.</param>
    public static CircuitFigures Empty(int truth, int candidates) => new(truth, truth, 0.5, Share(truth, candidates), 0, 0, truth, candidates);

    /// <summary>Every candidate, and the same score for all.</summary>
    /// <param name="truth">Number of true edges.</param>
    /// <param name="candidates">Number of candidates.</param>
    public static CircuitFigures Full(int truth, int candidates) => new(
        candidates - truth, Math.Min(truth, candidates - truth), 0.5, Share(truth, candidates), truth > 0 ? 2.0 * truth / (truth + candidates) : 0, candidates, truth, candidates);

    /// <summary>
    /// Expected figures of as many edges as are true, drawn uniformly and not pruned, and of a random order of all: with k of n true, a Hamming distance of
    /// 2 k (1 - k/n), an F1 of k/n, and an average precision of (H_n + (n - H_n) (k - 1)/(n - 1)) / n, where H_n = 1 + 1/2 + ... + 1/n.
    /// </summary>
    /// <param name="truth">k.</param>
    /// <param name="candidates">n.</param>
    public static CircuitFigures Random(int truth, int candidates)
    {
        double share = Share(truth, candidates);
        double harmonic = Enumerable.Range(1, candidates).Sum(i => 1.0 / i);
        double precision = candidates > 1 ? (harmonic + ((candidates - harmonic) * (truth - 1) / (candidates - 1))) / candidates : share;
        return new CircuitFigures(2 * truth * (1 - share), null, 0.5, precision, share, truth, truth, candidates);
    }

    private static double Share(int truth, int candidates) => (double)truth / candidates;
}
