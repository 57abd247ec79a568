using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>
/// Unit vectors of a residual stream, more of them than it is wide. Those of the planted path, of the positions and of the confounders are orthogonal to each other. All others overlap
/// with each other as random vectors do and a little with the path, so that what reads one of them reads something of many, as in a trained model.
/// </summary>
internal sealed class PlantedDirections
{
    // The length of what the others have of path and positions together, of which each of those ten reads a part. At a little more, what they bring the answer would be a thousandth of its variation, and
    // edges that are in the circuit for that would be right.
    private const double OverlapWithPath = 0.05;

    public PlantedDirections(RandomSource random, int width, int positions, int others)
    {
        const int Path = 3, Confounding = 2;
        float[][] apart = new float[Path + positions + Confounding][];
        for (int i = 0; i < apart.Length; i++)
        {
            apart[i] = Unit(Without(Normal(random, width), apart.AsSpan(0, i)));
        }

        (Planted, Carried, Answer) = (apart[0], apart[1], apart[2]);
        (Positions, Confounders) = (apart[Path..^Confounding], apart[^Confounding..]);
        Others = [.. Enumerable.Range(0, others).Select(_ => Mostly(Unit(Without(Normal(random, width), apart.AsSpan(0, Path + positions))), Unit(Mixed(random, apart[..(Path + positions)]))))];
    }

    /// <summary>What the planted words write.</summary>
    public float[] Planted { get; }

    /// <summary>What attention makes of it at the last position.</summary>
    public float[] Carried { get; }

    /// <summary>What the last MLP makes of that, and what the two answers read.</summary>
    public float[] Answer { get; }

    /// <summary>One for each position.</summary>
    public float[][] Positions { get; }

    /// <summary>What the words that mostly stand beside planted ones write: that of the middle, and that of the end.</summary>
    public float[][] Confounders { get; }

    /// <summary>Everything else.</summary>
    public float[][] Others { get; }

    /// <summary>All of them: the path's first, in its order, then the confounders.</summary>
    public float[][] All => [Planted, Carried, Answer, .. Confounders, .. Positions, .. Others];

    private static float[] Normal(RandomSource random, int width) => [.. Enumerable.Range(0, width).Select(_ => (float)random.NextNormal())];

    private static float[] Mixed(RandomSource random, float[][] directions)
    {
        double[] weights = [.. directions.Select(_ => random.NextNormal())];
        return [.. Enumerable.Range(0, directions[0].Length).Select(i => (float)directions.Zip(weights, (direction, weight) => weight * direction[i]).Sum())];
    }

    private static float[] Mostly(float[] own, float[] shared)
    {
        double rest = Math.Sqrt(1 - (OverlapWithPath * OverlapWithPath));
        return [.. own.Zip(shared, (a, b) => (float)((rest * a) + (OverlapWithPath * b)))];
    }

    private static float[] Unit(float[] vector)
    {
        double norm = Math.Sqrt(vector.Sum(value => (double)value * value));
        return [.. vector.Select(value => (float)(value / norm))];
    }

    // What is left of a vector beside orthogonal unit vectors.
    private static float[] Without(float[] vector, ReadOnlySpan<float[]> directions)
    {
        foreach (float[] direction in directions)
        {
            double product = vector.Zip(direction, (a, b) => (double)a * b).Sum();
            vector = [.. vector.Zip(direction, (a, b) => (float)(a - (product * b)))];
        }

        return vector;
    }
}
