namespace CircuitLasso;

/// <content>What stands behind edges: their weights along a path, and the coefficients of those that have several.</content>
public sealed partial class Circuit
{
    private readonly IReadOnlyList<EdgeWeightPoint> _weightPath = [];
    private readonly IReadOnlyList<EdgeCoefficient> _coefficients = [];

    /// <summary>Weights of edges along a lambda path, by edge and then falling lambda. Empty where there is no path.</summary>
    /// <exception cref="ArgumentException">A point names no edge of the circuit, repeats another, or holds a number that is not finite.</exception>
    public IReadOnlyList<EdgeWeightPoint> WeightPath
    {
        get => _weightPath;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            EdgeWeightPoint[] points = [.. value];
            (int Edge, double FallingLambda)[] keys = new (int, double)[points.Length];
            for (int i = 0; i < points.Length; i++)
            {
                EdgeWeightPoint point = points[i];
                bool isEdge = _indexOfEdge.TryGetValue((point.Source, point.Target), out int edge);
                if (!isEdge || !(point.Lambda >= 0) || !double.IsFinite(point.Lambda) || !double.IsFinite(point.Weight) || !IsShare(point.Stability))
                {
                    throw new ArgumentException(
                        $"the weight of {point.Source}->{point.Target} at lambda {point.Lambda:R} "
                        + (isEdge ? "is not finite, or its stability not between 0 and 1" : "belongs to no edge"));
                }

                keys[i] = (edge, -point.Lambda);
            }

            Array.Sort(keys, points);
            for (int i = 1; i < points.Length; i++)
            {
                if (keys[i] == keys[i - 1])
                {
                    throw new ArgumentException($"edge {points[i].Source}->{points[i].Target} has two weights at lambda {points[i].Lambda:R}");
                }
            }

            _weightPath = Array.AsReadOnly(points);
        }
    }

    /// <summary>The coefficients behind edges that have several, by edge, coordinate and output. Empty where edges have one each, which is their weight.</summary>
    /// <exception cref="ArgumentException">One belongs to no edge of the circuit, repeats another, has a negative coordinate or output, or is not finite.</exception>
    public IReadOnlyList<EdgeCoefficient> Coefficients
    {
        get => _coefficients;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            EdgeCoefficient[] coefficients = [.. value];
            (int Edge, int Coordinate, int Output)[] keys = new (int, int, int)[coefficients.Length];
            for (int i = 0; i < coefficients.Length; i++)
            {
                EdgeCoefficient coefficient = coefficients[i];
                bool isEdge = _indexOfEdge.TryGetValue((coefficient.Source, coefficient.Target), out int edge);
                if (!isEdge || coefficient is not { Coordinate: >= 0, Output: >= 0 } || !double.IsFinite(coefficient.Value))
                {
                    throw new ArgumentException(
                        $"a coefficient of {coefficient.Source}->{coefficient.Target} " + (isEdge ? "is not finite, or its coordinate or output below 0" : "belongs to no edge"));
                }

                keys[i] = (edge, coefficient.Coordinate, coefficient.Output);
            }

            Array.Sort(keys, coefficients);
            for (int i = 1; i < keys.Length; i++)
            {
                if (keys[i] == keys[i - 1])
                {
                    throw new ArgumentException($"edge {coefficients[i].Source}->{coefficients[i].Target} has two coefficients at one place");
                }
            }

            _coefficients = Array.AsReadOnly(coefficients);
        }
    }
}
