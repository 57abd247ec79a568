using System.Numerics.Tensors;

namespace CircuitLasso;

/// <summary>Decoder directions of features, at unit length, so that a product is a cosine.</summary>
internal sealed class FeatureDirections
{
    private readonly Dictionary<string, double[]> _units = new(StringComparer.Ordinal);

    /// <summary>Asks for the directions.</summary>
    /// <param name="nodes">The features.</param>
    /// <param name="directions">Gives them; null where one is not known. One of zeros is not known either.</param>
    public FeatureDirections(IEnumerable<string> nodes, Func<FeatureNodeName, float[]?> directions)
    {
        foreach (string node in nodes)
        {
            if (FeatureNodeName.TryParse(node) is not { } name || directions(name) is not { } direction)
            {
                continue;
            }

            double[] unit = [.. direction.Select(value => (double)value)];
            double norm = TensorPrimitives.Norm(unit);
            if (!double.IsFinite(norm) || (_units.Count > 0 && _units.Values.First().Length != unit.Length))
            {
                throw new ArgumentException($"the direction of {node} is not finite, or has other coordinates than those before", nameof(directions));
            }

            if (norm > 0)
            {
                TensorPrimitives.Divide(unit, norm, unit);
                _units.Add(node, unit);
            }
        }
    }

    /// <summary>Whether a direction is known.</summary>
    public bool Has(string node) => _units.ContainsKey(node);

    /// <summary>The cosine of two features; null where one of them is not known. A comparison with null is false.</summary>
    public double? Cosine(string first, string second) => _units.TryGetValue(first, out double[]? a) && _units.TryGetValue(second, out double[]? b) ? TensorPrimitives.Dot(a, b) : null;

    /// <summary>The cosine of a feature and a direction; null where the feature's is not known, or the direction is zero.</summary>
    public double? Cosine(string node, float[] direction)
    {
        double[] other = [.. direction.Select(value => (double)value)];
        double norm = TensorPrimitives.Norm(other);
        return norm > 0 && _units.TryGetValue(node, out double[]? unit) && unit.Length == other.Length ? TensorPrimitives.Dot(unit, other) / norm : null;
    }
}
