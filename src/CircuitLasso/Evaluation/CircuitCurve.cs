namespace CircuitLasso;

/// <summary>Faithfulness of growing circuits, and the two areas under it of the MIB benchmark. Immutable.</summary>
public sealed class CircuitCurve
{
    /// <summary>Makes a curve of its points.</summary>
    /// <param name="points">By rising fraction, at least two.</param>
    /// <exception cref="ArgumentException">There are fewer than two points, or their fractions do not rise.</exception>
    public CircuitCurve(IEnumerable<CircuitCurvePoint> points)
    {
        CircuitCurvePoint[] own = [.. points];
        if (own.Length < 2 || own.Zip(own.Skip(1)).Any(step => !(step.First.Fraction < step.Second.Fraction)))
        {
            throw new ArgumentException("A curve needs at least two points of rising fraction.", nameof(points));
        }

        Points = own.AsReadOnly();
        Cpr = Area(faithfulness => faithfulness);
        Cmd = Area(faithfulness => Math.Abs(1 - faithfulness));
    }

    /// <summary>The fractions of edges that MIB takes.</summary>
    public static IReadOnlyList<double> Fractions { get; } = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

    /// <summary>The points.</summary>
    public IReadOnlyList<CircuitCurvePoint> Points { get; }

    /// <summary>Circuit performance ratio: the area under faithfulness over the fraction of edges, by trapezoids. Larger is better.</summary>
    public double Cpr { get; }

    /// <summary>Circuit-model distance: the area under |1 - faithfulness|. Smaller is better.</summary>
    public double Cmd { get; }

    private double Area(Func<double, double> height) =>
        Points.Zip(Points.Skip(1), (low, high) => (high.Fraction - low.Fraction) * (height(low.Faithfulness) + height(high.Faithfulness)) / 2).Sum();
}
