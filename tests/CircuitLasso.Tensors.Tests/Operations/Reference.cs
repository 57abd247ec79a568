namespace CircuitLasso.Tensors.Tests;

/// <summary>A float64 tensor with plain indexing, for the slow twins of the operations.</summary>
public sealed class Reference(int[] shape, double[]? values = null)
{
    public int[] Shape { get; } = shape;

    public double[] Values { get; } = values ?? new double[shape.Aggregate(1, (product, d) => product * d)];

    public double this[params int[] index]
    {
        get => Values[Offset(index)];
        set => Values[Offset(index)] = value;
    }

    public static Reference Random(Random random, int[] shape, double low = -2, double high = 2)
    {
        Reference result = new(shape);
        for (int i = 0; i < result.Values.Length; i++)
        {
            // Rounded to float32, so that both sides start from the same numbers.
            result.Values[i] = (float)(low + (random.NextDouble() * (high - low)));
        }

        return result;
    }

    /// <summary>Fills a new tensor by a function of the index.</summary>
    public static Reference Build(int[] shape, Func<int[], double> value)
    {
        Reference result = new(shape);
        int[] index = new int[shape.Length];
        for (int i = 0; i < result.Values.Length; i++)
        {
            int rest = i;
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                index[d] = rest % shape[d];
                rest /= shape[d];
            }

            result.Values[i] = value(index);
        }

        return result;
    }

    public Reference Map(Func<double, double> function) => new(Shape, [.. Values.Select(function)]);

    /// <summary>Applies a function to every row of the last axis.</summary>
    public Reference MapRows(Func<double[], double[]> function)
    {
        int width = Shape[^1];
        Reference result = new(Shape);
        for (int start = 0; start < Values.Length; start += width)
        {
            function(Values[start..(start + width)]).CopyTo(result.Values, start);
        }

        return result;
    }

    public Tensor ToTensor() => Tensor.FromValues([.. Values.Select(value => (float)value)], Shape);

    /// <summary>The element at an index of a larger rank: leading entries are dropped, and axes of one element repeat.</summary>
    public double Broadcast(int[] index) => this[[.. index[^Shape.Length..].Select((i, d) => Shape[d] == 1 ? 0 : i)]];

    private int Offset(int[] index)
    {
        int offset = 0;
        for (int d = 0; d < Shape.Length; d++)
        {
            Assert.InRange(index[d], 0, Shape[d] - 1);
            offset = (offset * Shape[d]) + index[d];
        }

        return offset;
    }
}
