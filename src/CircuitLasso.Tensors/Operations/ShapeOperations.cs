namespace CircuitLasso.Tensors;

/// <summary>Rearranging elements.</summary>
public static class ShapeOperations
{
    /// <summary>The same elements in another shape; shares the storage.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="shape">The new dimensions; one may be -1 and is then worked out.</param>
    /// <exception cref="ArgumentException">The new shape has another number of elements.</exception>
    public static Tensor Reshape(this Tensor x, params ReadOnlySpan<int> shape)
    {
        int[] target = shape.ToArray();
        int open = Array.IndexOf(target, -1);
        if (open >= 0)
        {
            target[open] = 1;
            long rest = TensorShape.Count(target);
            target[open] = rest > 0 ? checked((int)(x.Length / rest)) : 0;
        }

        if (TensorShape.Count(target) != x.Length)
        {
            throw new ArgumentException($"A tensor of shape {TensorShape.Describe(x.Shape)} does not reshape to {TensorShape.Describe(shape)}.", nameof(shape));
        }

        return new Tensor(x.Storage.Share(), target).Record([x], (dy, flow) => flow.Add(x, dy.Share()));
    }

    /// <summary>Swaps two axes (a copy).</summary>
    /// <param name="x">Any shape with those axes.</param>
    /// <param name="first">An axis, negative from the end.</param>
    /// <param name="second">An axis, negative from the end.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static Tensor Transpose(this Tensor x, int first, int second)
    {
        int[] axes = [.. Enumerable.Range(0, x.Rank)];
        first = TensorShape.Axis(first, x.Rank);
        second = TensorShape.Axis(second, x.Rank);
        (axes[first], axes[second]) = (axes[second], axes[first]);
        return Permute(x, axes);
    }

    /// <summary>Reorders the axes (a copy): axis i of the result is axis <c>axes[i]</c> of x.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axes">Every axis once.</param>
    /// <exception cref="ArgumentException">The axes are no permutation.</exception>
    public static Tensor Permute(this Tensor x, params ReadOnlySpan<int> axes)
    {
        int rank = x.Rank;
        if (axes.Length != rank || !axes.ToArray().Order().SequenceEqual(Enumerable.Range(0, rank)))
        {
            throw new ArgumentException($"{TensorShape.Describe(axes)} is no permutation of {rank} axes.", nameof(axes));
        }

        long[] own = TensorShape.Strides(x.Shape);
        int[] shape = new int[rank];
        long[] sourceStrides = new long[rank];
        for (int d = 0; d < rank; d++)
        {
            shape[d] = x.Shape[axes[d]];
            sourceStrides[d] = own[axes[d]];
        }

        long[] targetStrides = TensorShape.Strides(shape);
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(x.Length, zeroed: false);
        backend.Copy(new StridedPair(shape, sourceStrides, targetStrides), x.Storage, 0, y, 0, accumulate: false);
        return new Tensor(y, shape).Record([x], (dy, flow) =>
        {
            TensorStorage dx = flow.Target(x, out bool isFresh);
            backend.Copy(new StridedPair(shape, targetStrides, sourceStrides), dy, 0, dx, 0, accumulate: !isFresh);
        });
    }

    /// <summary>A range of one axis (a copy).</summary>
    /// <param name="x">Any shape with that axis.</param>
    /// <param name="axis">The axis, negative from the end.</param>
    /// <param name="start">The first entry.</param>
    /// <param name="count">Number of entries.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis, or the range is not inside it.</exception>
    public static Tensor Slice(this Tensor x, int axis, int start, int count)
    {
        axis = TensorShape.Axis(axis, x.Rank);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, x.Shape[axis] - count, nameof(start));
        int[] shape = x.Shape.ToArray();
        shape[axis] = count;
        long[] sourceStrides = TensorShape.Strides(x.Shape);
        long[] targetStrides = TensorShape.Strides(shape);
        long offset = start * sourceStrides[axis];
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(TensorShape.Count(shape), zeroed: false);
        backend.Copy(new StridedPair(shape, sourceStrides, targetStrides), x.Storage, offset, y, 0, accumulate: false);
        return new Tensor(y, shape).Record(
            [x],
            (dy, flow) => backend.Copy(new StridedPair(shape, targetStrides, sourceStrides), dy, 0, flow.ZeroedTarget(x), offset, accumulate: true));
    }

    /// <summary>Joins tensors along one axis (a copy).</summary>
    /// <param name="tensors">At least one; equal in all other axes.</param>
    /// <param name="axis">The axis, negative from the end.</param>
    /// <exception cref="ArgumentException">There is no tensor, or the shapes differ in another axis.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static Tensor Concatenate(this IReadOnlyList<Tensor> tensors, int axis)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (tensors.Count == 0)
        {
            throw new ArgumentException("Nothing to join.", nameof(tensors));
        }

        Tensor[] parts = [.. tensors];
        axis = TensorShape.Axis(axis, parts[0].Rank);
        int[] shape = parts[0].Shape.ToArray();
        shape[axis] = parts.Sum(part => part.Dimension(axis));
        foreach (Tensor part in parts)
        {
            int[] expected = [.. shape];
            expected[axis] = part.Rank == shape.Length ? part.Shape[axis] : 0;
            TensorShape.RequireSame(part.Shape, expected, nameof(tensors));
        }

        long[] strides = TensorShape.Strides(shape);
        ITensorBackend backend = parts[0].Backend;
        TensorStorage y = backend.Allocate(TensorShape.Count(shape), zeroed: false);
        long offset = 0;
        foreach (Tensor part in parts)
        {
            backend.Copy(new StridedPair(part.Shape, TensorShape.Strides(part.Shape), strides), part.Storage, 0, y, offset, accumulate: false);
            offset += part.Shape[axis] * strides[axis];
        }

        return new Tensor(y, shape).Record(parts, (dy, flow) =>
        {
            long start = 0;
            foreach (Tensor part in parts)
            {
                if (GradientFlow.Needs(part))
                {
                    TensorStorage target = flow.Target(part, out bool isFresh);
                    backend.Copy(new StridedPair(part.Shape, strides, TensorShape.Strides(part.Shape)), dy, start, target, 0, accumulate: !isFresh);
                }

                start += part.Shape[axis] * strides[axis];
            }
        });
    }
}
