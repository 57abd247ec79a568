namespace CircuitLasso.Tensors;

/// <summary>Arithmetic on shapes.</summary>
internal static class TensorShape
{
    internal static long Count(ReadOnlySpan<int> shape)
    {
        long count = 1;
        foreach (int dimension in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
            count = checked(count * dimension);
        }

        return count;
    }

    internal static int Axis(int axis, int rank)
    {
        int positive = axis < 0 ? axis + rank : axis;
        if (positive < 0 || positive >= rank)
        {
            throw new ArgumentOutOfRangeException(nameof(axis), $"Axis {axis} is outside a tensor of {rank} dimensions.");
        }

        return positive;
    }

    internal static AxisLayout Around(ReadOnlySpan<int> shape, int axis) =>
        new(Count(shape[..axis]), shape[axis], Count(shape[(axis + 1)..]));

    internal static long[] Strides(ReadOnlySpan<int> shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= shape[d];
        }

        return strides;
    }

    /// <summary>The common shape of two operands: aligned at the last dimension, a dimension of 1 (or a missing one) repeats.</summary>
    internal static int[] Broadcast(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        int[] shape = new int[Math.Max(a.Length, b.Length)];
        for (int d = 1; d <= shape.Length; d++)
        {
            int left = d <= a.Length ? a[^d] : 1;
            int right = d <= b.Length ? b[^d] : 1;
            if (left != right && left != 1 && right != 1)
            {
                throw new ArgumentException($"Shapes {Describe(a)} and {Describe(b)} do not broadcast.");
            }

            shape[^d] = left == 1 ? right : left;
        }

        return shape;
    }

    /// <summary>The strides of a contiguous tensor of shape <paramref name="source"/> read as <paramref name="target"/>; zero where it repeats.</summary>
    internal static long[] BroadcastStrides(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        long[] own = Strides(source);
        long[] strides = new long[target.Length];
        for (int d = 1; d <= source.Length; d++)
        {
            strides[^d] = source[^d] == 1 ? 0 : own[^d];
        }

        return strides;
    }

    internal static string Describe(ReadOnlySpan<int> shape) => "[" + string.Join(", ", shape.ToArray()) + "]";

    internal static void RequireSame(ReadOnlySpan<int> actual, ReadOnlySpan<int> expected, string name)
    {
        if (!actual.SequenceEqual(expected))
        {
            throw new ArgumentException($"{name} has shape {Describe(actual)} where {Describe(expected)} is needed.", name);
        }
    }
}
