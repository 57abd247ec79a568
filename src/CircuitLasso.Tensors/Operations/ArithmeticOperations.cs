namespace CircuitLasso.Tensors;

/// <summary>
/// Sums, differences and products, element by element. Shapes are aligned at the last dimension, and a dimension of 1 (or a missing one) repeats.
/// </summary>
public static class ArithmeticOperations
{
    /// <summary>a + b.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Add(this Tensor a, Tensor b) =>
        Compute(BinaryFunction.Add, a, b).Record([a, b], (dy, flow) =>
        {
            AddReduced(flow, a, b, dy, 1);
            AddReduced(flow, b, a, dy, 1);
        });

    /// <summary>The sum of tensors of one shape from the first to the last: ((t0 + t1) + t2) + ..., with exactly those roundings.</summary>
    /// <param name="terms">At least one.</param>
    /// <exception cref="ArgumentException">There is no term, or the shapes differ.</exception>
    public static Tensor SumInOrder(this IReadOnlyList<Tensor> terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (terms.Count == 0)
        {
            throw new ArgumentException("There is nothing to sum.", nameof(terms));
        }

        Tensor[] parts = [.. terms];
        ITensorBackend backend = parts[0].Backend;
        TensorStorage y = backend.Allocate(parts[0].Length, zeroed: false);
        backend.Affine(parts[0].Storage, 1, 0, y);
        foreach (Tensor part in parts.AsSpan(1))
        {
            TensorShape.RequireSame(part.Shape, parts[0].Shape, nameof(terms));
            backend.Accumulate(y, part.Storage, 1);
        }

        return new Tensor(y, parts[0].ShapeArray).Record(parts, (dy, flow) =>
        {
            foreach (Tensor part in parts)
            {
                if (GradientFlow.Needs(part))
                {
                    flow.Add(part, dy.Share());
                }
            }
        });
    }

    /// <summary>a - b.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Subtract(this Tensor a, Tensor b) =>
        Compute(BinaryFunction.Subtract, a, b).Record([a, b], (dy, flow) =>
        {
            AddReduced(flow, a, b, dy, 1);
            AddReduced(flow, b, a, dy, -1);
        });

    /// <summary>a b, element by element.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Multiply(this Tensor a, Tensor b) =>
        Compute(BinaryFunction.Multiply, a, b).Record([a, b], (dy, flow) =>
        {
            AddProduct(flow, a, b, dy);
            AddProduct(flow, b, a, dy);
        });

    /// <summary>factor x.</summary>
    public static Tensor Scale(this Tensor x, float factor) => Affine(x, factor, 0);

    /// <summary>x + shift.</summary>
    public static Tensor AddScalar(this Tensor x, float shift) => Affine(x, 1, shift);

    private static Tensor Affine(Tensor x, float factor, float shift)
    {
        TensorStorage y = x.Backend.Allocate(x.Length, zeroed: false);
        x.Backend.Affine(x.Storage, factor, shift, y);
        return new Tensor(y, x.ShapeArray).Record([x], (dy, flow) =>
        {
            if (factor == 1)
            {
                flow.Add(x, dy.Share());
                return;
            }

            TensorStorage dx = dy.Backend.Allocate(dy.Length, zeroed: false);
            dy.Backend.Affine(dy, factor, 0, dx);
            flow.Add(x, dx);
        });
    }

    private static Tensor Compute(BinaryFunction function, Tensor a, Tensor b)
    {
        int[] shape = TensorShape.Broadcast(a.Shape, b.Shape);
        return new Tensor(Compute(function, a.Storage, a.Shape, b.Storage, b.Shape, shape), shape);
    }

    private static TensorStorage Compute(BinaryFunction function, TensorStorage a, ReadOnlySpan<int> shapeA, TensorStorage b, ReadOnlySpan<int> shapeB, ReadOnlySpan<int> shape)
    {
        StridedPair walk = new(shape, TensorShape.BroadcastStrides(shapeA, shape), TensorShape.BroadcastStrides(shapeB, shape));
        TensorStorage y = a.Backend.Allocate(walk.Length, zeroed: false);
        a.Backend.Binary(function, walk, a, b, y);
        return y;
    }

    private static void AddReduced(GradientFlow flow, Tensor input, Tensor other, TensorStorage dy, float factor)
    {
        if (!GradientFlow.Needs(input))
        {
            return;
        }

        TensorStorage gradient = SumToShape(dy.Share(), TensorShape.Broadcast(input.Shape, other.Shape), input.Shape);
        if (factor != 1)
        {
            TensorStorage scaled = gradient.Backend.Allocate(gradient.Length, zeroed: false);
            gradient.Backend.Affine(gradient, factor, 0, scaled);
            gradient.Release();
            gradient = scaled;
        }

        flow.Add(input, gradient);
    }

    private static void AddProduct(GradientFlow flow, Tensor input, Tensor other, TensorStorage dy)
    {
        if (GradientFlow.Needs(input))
        {
            int[] shape = TensorShape.Broadcast(input.Shape, other.Shape);
            flow.Add(input, SumToShape(Compute(BinaryFunction.Multiply, dy, shape, other.Storage, other.Shape, shape), shape, input.Shape));
        }
    }

    /// <summary>Sums a gradient over the dimensions that were repeated; takes over the reference to it.</summary>
    private static TensorStorage SumToShape(TensorStorage gradient, int[] shape, ReadOnlySpan<int> target)
    {
        // Runs of repeated dimensions are summed at once, the last run first, so that the axes before it keep their places.
        int end = shape.Length;
        while (end > 0)
        {
            bool isRepeated = IsRepeated(shape, target, end - 1);
            int start = end - 1;
            while (start > 0 && IsRepeated(shape, target, start - 1) == isRepeated)
            {
                start--;
            }

            if (isRepeated)
            {
                AxisLayout layout = new(TensorShape.Count(shape.AsSpan(0, start)), TensorShape.Count(shape.AsSpan(start, end - start)), TensorShape.Count(shape.AsSpan(end)));
                TensorStorage sum = gradient.Backend.Allocate(layout.Outer * layout.Inner, zeroed: false);
                gradient.Backend.Sum(layout, gradient, sum);
                gradient.Release();
                gradient = sum;
                shape = [.. shape.AsSpan(0, start), .. Enumerable.Repeat(1, end - start), .. shape.AsSpan(end)];
            }

            end = start;
        }

        return gradient;
    }

    private static bool IsRepeated(ReadOnlySpan<int> shape, ReadOnlySpan<int> target, int axis)
    {
        int own = axis - (shape.Length - target.Length);
        return shape[axis] != 1 && (own < 0 || target[own] == 1);
    }
}
