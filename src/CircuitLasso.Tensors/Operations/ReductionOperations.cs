namespace CircuitLasso.Tensors;

/// <summary>Sums, means and maxima.</summary>
public static class ReductionOperations
{
    /// <summary>The sum of all elements.</summary>
    public static Tensor Sum(this Tensor x) => Sum(x, new AxisLayout(1, x.Length, 1), [], 1);

    /// <summary>The sum over one axis.</summary>
    /// <param name="x">Any shape with that axis.</param>
    /// <param name="axis">The axis, negative from the end.</param>
    /// <param name="keepAxis">Whether the axis stays, with one element.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static Tensor Sum(this Tensor x, int axis, bool keepAxis = false)
    {
        axis = TensorShape.Axis(axis, x.Rank);
        return Sum(x, TensorShape.Around(x.Shape, axis), Reduced(x.Shape, axis, keepAxis), 1);
    }

    /// <summary>The mean of all elements; NaN of none.</summary>
    public static Tensor Mean(this Tensor x) => Sum(x, new AxisLayout(1, x.Length, 1), [], 1f / x.Length);

    /// <summary>The mean over one axis.</summary>
    /// <param name="x">Any shape with that axis.</param>
    /// <param name="axis">The axis, negative from the end.</param>
    /// <param name="keepAxis">Whether the axis stays, with one element.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static Tensor Mean(this Tensor x, int axis, bool keepAxis = false)
    {
        axis = TensorShape.Axis(axis, x.Rank);
        return Sum(x, TensorShape.Around(x.Shape, axis), Reduced(x.Shape, axis, keepAxis), 1f / x.Dimension(axis));
    }

    /// <summary>The maximum over one axis; the gradient goes to the first element that reaches it.</summary>
    /// <param name="x">Any shape with that axis, which is not empty.</param>
    /// <param name="axis">The axis, negative from the end.</param>
    /// <param name="keepAxis">Whether the axis stays, with one element.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    /// <exception cref="ArgumentException">The axis is empty.</exception>
    public static Tensor Maximum(this Tensor x, int axis, bool keepAxis = false)
    {
        axis = TensorShape.Axis(axis, x.Rank);
        AxisLayout layout = TensorShape.Around(x.Shape, axis);
        if (layout.Length == 0)
        {
            throw new ArgumentException("An empty axis has no maximum.", nameof(axis));
        }

        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(layout.Outer * layout.Inner, zeroed: false);
        backend.Maximum(layout, x.Storage, y);
        return new Tensor(y, Reduced(x.Shape, axis, keepAxis)).Record([x], (dy, flow) =>
        {
            TensorStorage dx = backend.Allocate(x.Length, zeroed: false);
            backend.MaximumGradient(layout, x.Storage, y, dy, dx);
            flow.Add(x, dx);
        });
    }

    private static Tensor Sum(Tensor x, AxisLayout layout, int[] shape, float factor)
    {
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(layout.Outer * layout.Inner, zeroed: false);
        backend.Sum(layout, x.Storage, y);
        if (factor != 1)
        {
            backend.Affine(y, factor, 0, y);
        }

        return new Tensor(y, shape).Record([x], (dy, flow) =>
        {
            TensorStorage dx = backend.Allocate(x.Length, zeroed: false);
            int[] walk = [checked((int)layout.Outer), checked((int)layout.Length), checked((int)layout.Inner)];
            backend.Copy(new StridedPair(walk, [layout.Inner, 0, 1], [layout.Length * layout.Inner, layout.Inner, 1]), dy, 0, dx, 0, accumulate: false);
            if (factor != 1)
            {
                backend.Affine(dx, factor, 0, dx);
            }

            flow.Add(x, dx);
        });
    }

    private static int[] Reduced(ReadOnlySpan<int> shape, int axis, bool keepAxis) =>
        keepAxis ? [.. shape[..axis], 1, .. shape[(axis + 1)..]] : [.. shape[..axis], .. shape[(axis + 1)..]];
}
