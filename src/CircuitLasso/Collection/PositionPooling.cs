using System.Numerics.Tensors;

namespace CircuitLasso;

/// <summary>Makes one row of the activations of a text's positions.</summary>
internal static class PositionPooling
{
    /// <summary>Pools the positions of one text; with <see cref="Pooling.None"/> they are copied.</summary>
    /// <param name="tokens">positions x width, at least one position.</param>
    /// <param name="row">Takes one row, or all positions where nothing is pooled.</param>
    /// <param name="pooling">How.</param>
    public static void Pool(ReadOnlySpan<float> tokens, Span<float> row, Pooling pooling)
    {
        if (pooling == Pooling.None)
        {
            tokens.CopyTo(row);
            return;
        }

        int width = row.Length;
        int length = tokens.Length / width;
        switch (pooling)
        {
            case Pooling.Last:
                tokens[((length - 1) * width)..].CopyTo(row);
                break;
            case Pooling.Max:
                tokens[..width].CopyTo(row);
                for (int position = 1; position < length; position++)
                {
                    TensorPrimitives.Max(row, tokens.Slice(position * width, width), row);
                }

                break;
            default:
                row.Clear();
                for (int position = 0; position < length; position++)
                {
                    TensorPrimitives.Add(row, tokens.Slice(position * width, width), row);
                }

                if (pooling == Pooling.Mean)
                {
                    TensorPrimitives.Divide(row, length, row);
                }

                break;
        }
    }
}
