using System.Numerics;

namespace CircuitLasso.Models;

/// <summary>Turns a row of pre-activations into features in place: inactive ones become zero. Not-a-numbers become zero too. Vectorised.</summary>
internal static class FeatureActivation
{
    /// <summary>p becomes p where p > 0.</summary>
    public static void Rectify(Span<float> row)
    {
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> p = new(row[i..]);
            Vector.ConditionalSelect(Vector.GreaterThan(p, Vector<float>.Zero), p, Vector<float>.Zero).CopyTo(row[i..]);
        }

        for (; i < row.Length; i++)
        {
            row[i] = row[i] > 0 ? row[i] : 0;
        }
    }

    /// <summary>p becomes p where p > bound.</summary>
    /// <param name="row">The pre-activations.</param>
    /// <param name="bounds">Each feature's bound.</param>
    public static void Jump(Span<float> row, ReadOnlySpan<float> bounds)
    {
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> p = new(row[i..]);
            Vector.ConditionalSelect(Vector.GreaterThan(p, new Vector<float>(bounds[i..])), p, Vector<float>.Zero).CopyTo(row[i..]);
        }

        for (; i < row.Length; i++)
        {
            row[i] = row[i] > bounds[i] ? row[i] : 0;
        }
    }

    /// <summary>p becomes max(scale p + bias, 0) where p + gate > 0.</summary>
    public static void Gate(Span<float> row, ReadOnlySpan<float> gate, ReadOnlySpan<float> scale, ReadOnlySpan<float> bias)
    {
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> p = new(row[i..]);
            Vector<float> magnitude = (p * new Vector<float>(scale[i..])) + new Vector<float>(bias[i..]);
            Vector<int> active = Vector.GreaterThan(p + new Vector<float>(gate[i..]), Vector<float>.Zero) & Vector.GreaterThan(magnitude, Vector<float>.Zero);
            Vector.ConditionalSelect(active, magnitude, Vector<float>.Zero).CopyTo(row[i..]);
        }

        for (; i < row.Length; i++)
        {
            float magnitude = (row[i] * scale[i]) + bias[i];
            row[i] = row[i] + gate[i] > 0 && magnitude > 0 ? magnitude : 0;
        }
    }
}
