using System.Numerics;
using System.Numerics.Tensors;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    public void Accumulate(TensorStorage target, TensorStorage source, float factor)
    {
        float* x = Pointer(source);
        float* y = Pointer(target);
        ForRanges(target.Length, ElementsPerTask, (start, count) =>
        {
            Span<float> sum = new(y + start, count);
            ReadOnlySpan<float> addend = new(x + start, count);
            if (factor == 1)
            {
                TensorPrimitives.Add(sum, addend, sum);
            }
            else
            {
                TensorPrimitives.FusedMultiplyAdd(addend, factor, sum, sum);
            }
        });
    }

    public void Affine(TensorStorage x, float factor, float shift, TensorStorage y)
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        ForRanges(y.Length, ElementsPerTask, (start, count) =>
        {
            ReadOnlySpan<float> from = new(source + start, count);
            Span<float> to = new(target + start, count);
            if (factor == 1)
            {
                if (shift == 0)
                {
                    from.CopyTo(to);
                }
                else
                {
                    TensorPrimitives.Add(from, shift, to);
                }
            }
            else
            {
                TensorPrimitives.Multiply(from, factor, to);
                if (shift != 0)
                {
                    TensorPrimitives.Add(to, shift, to);
                }
            }
        });
    }

    public void Unary(UnaryFunction function, float parameter, TensorStorage x, TensorStorage y)
    {
        switch (function)
        {
            case UnaryFunction.Gelu: Evaluate<GeluFunction>(parameter, x, y); break;
            case UnaryFunction.GeluTanh: Evaluate<GeluTanhFunction>(parameter, x, y); break;
            case UnaryFunction.Silu: Evaluate<SiluFunction>(parameter, x, y); break;
            case UnaryFunction.Sigmoid: Evaluate<SigmoidFunction>(parameter, x, y); break;
            case UnaryFunction.Relu: Evaluate<ReluFunction>(parameter, x, y); break;
            case UnaryFunction.Tanh: Evaluate<TanhFunction>(parameter, x, y); break;
            case UnaryFunction.Exp: Evaluate<ExpFunction>(parameter, x, y); break;
            case UnaryFunction.Log: Evaluate<LogFunction>(parameter, x, y); break;
            case UnaryFunction.SoftCap: Evaluate<SoftCapFunction>(parameter, x, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    public void UnaryGradient(UnaryFunction function, float parameter, TensorStorage x, TensorStorage y, TensorStorage dy, TensorStorage dx)
    {
        switch (function)
        {
            case UnaryFunction.Gelu: Differentiate<GeluFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.GeluTanh: Differentiate<GeluTanhFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Silu: Differentiate<SiluFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Sigmoid: Differentiate<SigmoidFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Relu: Differentiate<ReluFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Tanh: Differentiate<TanhFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Exp: Differentiate<ExpFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.Log: Differentiate<LogFunction>(parameter, x, y, dy, dx); break;
            case UnaryFunction.SoftCap: Differentiate<SoftCapFunction>(parameter, x, y, dy, dx); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    public void Binary(BinaryFunction function, StridedPair walk, TensorStorage a, TensorStorage b, TensorStorage y)
    {
        float* left = Pointer(a);
        float* right = Pointer(b);
        float* result = Pointer(y);
        long inner = walk.Shape[^1];
        bool isLeftRepeated = walk.FirstStrides[^1] == 0;
        bool isRightRepeated = walk.SecondStrides[^1] == 0;
        ForRanges(walk.Length, ElementsPerTask, (start, count) =>
        {
            long end = start + count;
            for (long position = start; position < end;)
            {
                (long offsetA, long offsetB, long within) = Offsets(walk, position);
                int run = (int)Math.Min(inner - within, end - position);
                Span<float> to = new(result + position, run);
                if (isLeftRepeated)
                {
                    Combine(function, left[offsetA], new ReadOnlySpan<float>(right + offsetB, run), to);
                }
                else if (isRightRepeated)
                {
                    Combine(function, new ReadOnlySpan<float>(left + offsetA, run), right[offsetB], to);
                }
                else
                {
                    Combine(function, new ReadOnlySpan<float>(left + offsetA, run), new ReadOnlySpan<float>(right + offsetB, run), to);
                }

                position += run;
            }
        });
    }

    /// <summary>Where step <paramref name="position"/> of a walk stands in both tensors, and how far inside the innermost dimension.</summary>
    private static (long First, long Second, long Within) Offsets(StridedPair walk, long position)
    {
        long first = 0;
        long second = 0;
        ReadOnlySpan<long> shape = walk.Shape;
        long within = position % shape[^1];
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            (position, long index) = Math.DivRem(position, shape[d]);
            first += index * walk.FirstStrides[d];
            second += index * walk.SecondStrides[d];
        }

        return (first, second, within);
    }

    private static void Combine(BinaryFunction function, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        switch (function)
        {
            case BinaryFunction.Add: TensorPrimitives.Add(a, b, y); break;
            case BinaryFunction.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryFunction.Multiply: TensorPrimitives.Multiply(a, b, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static void Combine(BinaryFunction function, ReadOnlySpan<float> a, float b, Span<float> y)
    {
        switch (function)
        {
            case BinaryFunction.Add: TensorPrimitives.Add(a, b, y); break;
            case BinaryFunction.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryFunction.Multiply: TensorPrimitives.Multiply(a, b, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static void Combine(BinaryFunction function, float a, ReadOnlySpan<float> b, Span<float> y)
    {
        switch (function)
        {
            case BinaryFunction.Add: TensorPrimitives.Add(b, a, y); break;
            case BinaryFunction.Subtract: TensorPrimitives.Subtract(a, b, y); break;
            case BinaryFunction.Multiply: TensorPrimitives.Multiply(b, a, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static void Evaluate<TFunction>(float parameter, TensorStorage x, TensorStorage y)
        where TFunction : struct, IUnaryFunction
    {
        float* source = Pointer(x);
        float* target = Pointer(y);
        ForRanges(y.Length, ElementsPerTask, (start, count) => EvaluateRange<TFunction>(parameter, source + start, target + start, count));
    }

    private static void EvaluateRange<TFunction>(float parameter, float* from, float* to, int count)
        where TFunction : struct, IUnaryFunction
    {
        Vector<float> p = new(parameter);
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            TFunction.Value(Vector.Load(from + i), p).Store(to + i);
        }

        if (i < count)
        {
            StorePart(TFunction.Value(LoadPart(from + i, count - i), p), to + i, count - i);
        }
    }

    private static void Differentiate<TFunction>(float parameter, TensorStorage x, TensorStorage y, TensorStorage dy, TensorStorage dx)
        where TFunction : struct, IUnaryFunction
    {
        float* input = Pointer(x);
        float* output = Pointer(y);
        float* above = Pointer(dy);
        float* target = Pointer(dx);
        ForRanges(dx.Length, ElementsPerTask, (start, count) => DifferentiateRange<TFunction>(parameter, input + start, output + start, above + start, target + start, count));
    }

    private static void DifferentiateRange<TFunction>(float parameter, float* x, float* y, float* dy, float* dx, int count)
        where TFunction : struct, IUnaryFunction
    {
        Vector<float> p = new(parameter);
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            (TFunction.Derivative(Vector.Load(x + i), Vector.Load(y + i), p) * Vector.Load(dy + i)).Store(dx + i);
        }

        if (i < count)
        {
            int rest = count - i;
            StorePart(TFunction.Derivative(LoadPart(x + i, rest), LoadPart(y + i, rest), p) * LoadPart(dy + i, rest), dx + i, rest);
        }
    }

    private static Vector<float> LoadPart(float* source, int count)
    {
        float* part = stackalloc float[Vector<float>.Count];
        new Span<float>(part, Vector<float>.Count).Clear();
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(part, count));
        return Vector.Load(part);
    }

    private static void StorePart(Vector<float> value, float* target, int count)
    {
        float* part = stackalloc float[Vector<float>.Count];
        value.Store(part);
        new ReadOnlySpan<float>(part, count).CopyTo(new Span<float>(target, count));
    }
}
