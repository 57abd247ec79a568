namespace CircuitLasso;

/// <summary>Faithfulness and completeness of growing circuits. Immutable.</summary>
public sealed class FeatureCurve
{
    /// <summary>Makes a curve of its points.</summary>
    /// <param name="name">What ranks.</param>
    /// <param name="candidates">How many nodes (or edges) there are.</param>
    /// <param name="points">By rising number kept, at least two, from one to all candidates.</param>
    /// <exception cref="ArgumentException">There are fewer than two points, or their numbers do not rise.</exception>
    public FeatureCurve(string name, int candidates, IEnumerable<FeatureCurvePoint> points)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(points);
        FeatureCurvePoint[] own = [.. points];
        if (own.Length < 2 || own[0].Kept < 1 || own.Zip(own.Skip(1)).Any(step => step.First.Kept >= step.Second.Kept))
        {
            throw new ArgumentException("A curve needs at least two points of rising numbers.", nameof(points));
        }

        (Name, Candidates, Points) = (name, candidates, own.AsReadOnly());
        FaithfulnessArea = Area(evaluation => Math.Abs(1 - evaluation.Faithfulness));
        CompletenessArea = Area(evaluation => Math.Abs(evaluation.Completeness));
    }

    /// <summary>What ranks.</summary>
    public string Name { get; }

    /// <summary>How many nodes (or edges) there are.</summary>
    public int Candidates { get; }

    /// <summary>The points.</summary>
    public IReadOnlyList<FeatureCurvePoint> Points { get; }

    /// <summary>The area of |1 - faithfulness| over the logarithm of the fraction kept, by trapezoids, over the logarithm's range: a mean. Smaller is better.</summary>
    public double FaithfulnessArea { get; }

    /// <summary>The same of |completeness|. Smaller is better.</summary>
    public double CompletenessArea { get; }

    /// <summary>Numbers of nodes evenly spaced by their logarithm, from one to all.</summary>
    /// <param name="candidates">How many there are, at least two.</param>
    /// <param name="points">How many points, at least two; equal numbers are taken once.</param>
    public static IReadOnlyList<int> Counts(int candidates, int points = 15)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 2);
        return [.. Enumerable.Range(0, points).Select(i => (int)Math.Round(Math.Pow(candidates, (double)i / (points - 1)))).Distinct()];
    }

    private double Area(Func<CircuitEvaluation, double> height) =>
        Points.Zip(Points.Skip(1), (low, high) => (Math.Log(high.Kept) - Math.Log(low.Kept)) * (height(low.Evaluation) + height(high.Evaluation)) / 2).Sum()
        / (Math.Log(Points[^1].Kept) - Math.Log(Points[0].Kept));
}
