using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// An array as NumPy knows it: a shape, an element type and the elements in row-major (C) order, outside the managed heap.
/// </summary>
/// <remarks>Reading from several threads is safe; <see cref="Dispose"/> must not race with use.</remarks>
public sealed class NumPyArray : IDisposable
{
    private const int StepLength = 1 << 20;

    private readonly NativeBuffer<byte> _bytes;

    internal NumPyArray(string source, NumPyDataType dataType, IReadOnlyList<long> shape, NativeBuffer<byte> bytes)
    {
        Source = source;
        DataType = dataType;
        Shape = shape;
        _bytes = bytes;
        Length = bytes.Length / NumPyDataTypes.Size(dataType);
    }

    /// <summary>Where the array comes from, for messages: a file, or the file and the entry in it.</summary>
    public string Source { get; }

    /// <summary>The type of the elements.</summary>
    public NumPyDataType DataType { get; }

    /// <summary>The dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements: the product of the dimensions, one for a scalar.</summary>
    public nint Length { get; }

    /// <summary>Copies elements into an array.</summary>
    /// <typeparam name="T">float, double, int, long, byte or bool.</typeparam>
    /// <param name="elements">The elements in row-major order.</param>
    /// <param name="shape">The dimensions; their product is the number of elements.</param>
    /// <exception cref="ArgumentException">The shape asks for another number of elements, or is negative.</exception>
    /// <exception cref="NotSupportedException">There is no such element type.</exception>
    public static NumPyArray Create<T>(ReadOnlySpan<T> elements, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        NumPyDataType type = NumPyDataTypes.Of<T>();
        long[] dimensions = shape.ToArray();
        if (DenseShape.ByteLength(dimensions, NumPyDataTypes.Size(type)) != (long)elements.Length * NumPyDataTypes.Size(type))
        {
            throw new ArgumentException($"The shape [{string.Join(", ", dimensions)}] does not have {elements.Length} elements.", nameof(shape));
        }

        NativeBuffer<byte> bytes = new((nint)elements.Length * NumPyDataTypes.Size(type), zeroed: false);
        ReadOnlySpan<T> rest = elements;
        for (nint offset = 0; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, StepLength)..])
        {
            ReadOnlySpan<byte> step = MemoryMarshal.AsBytes(rest[..Math.Min(rest.Length, StepLength)]);
            step.CopyTo(bytes.Slice(offset, step.Length));
            offset += step.Length;
        }

        return new NumPyArray("array", type, dimensions, bytes);
    }

    /// <summary>A copy of all elements as float32, rounded to the nearest where needed; true is one.</summary>
    /// <exception cref="InputException">There are more elements than a .NET array can hold.</exception>
    public float[] AsSingles() => ToArray<float>(CopyTo);

    /// <summary>A copy of all elements as float64, rounded to the nearest where needed; true is one.</summary>
    /// <exception cref="InputException">There are more elements than a .NET array can hold.</exception>
    public double[] AsDoubles() => ToArray<double>(CopyTo);

    /// <summary>A copy of all elements as int64; true is one.</summary>
    /// <exception cref="InputException">The elements are floating-point numbers, or more than a .NET array can hold.</exception>
    public long[] AsInt64s() => ToArray<long>(CopyTo);

    /// <summary>Copies a window of the elements as float32, rounded to the nearest where needed; true is one.</summary>
    /// <param name="start">Index of the first element in row-major order.</param>
    /// <param name="destination">Takes as many elements as it is long.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the array.</exception>
    public void CopyTo(nint start, Span<float> destination) => Convert(start, destination);

    /// <summary>Copies a window of the elements as float64, rounded to the nearest where needed; true is one.</summary>
    /// <param name="start">Index of the first element in row-major order.</param>
    /// <param name="destination">Takes as many elements as it is long.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the array.</exception>
    public void CopyTo(nint start, Span<double> destination) => Convert(start, destination);

    /// <summary>Copies a window of the elements as int64; true is one.</summary>
    /// <param name="start">Index of the first element in row-major order.</param>
    /// <param name="destination">Takes as many elements as it is long.</param>
    /// <exception cref="InputException">The elements are floating-point numbers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the array.</exception>
    public void CopyTo(nint start, Span<long> destination)
    {
        if (DataType is NumPyDataType.Float32 or NumPyDataType.Float64)
        {
            throw new InputException(Source, $"holds {NumPyDataTypes.Description(DataType)} where whole numbers are expected", "save it with an integer dtype");
        }

        Convert(start, destination);
    }

    /// <summary>Writes the array as an .npy file, the bytes that numpy.save writes.</summary>
    internal void WriteTo(Stream stream)
    {
        stream.Write(new NumPyHeader(DataType, IsBigEndian: false, IsFortranOrder: false, Shape).ToBytes());
        for (nint start = 0; start < _bytes.Length; start += StepLength)
        {
            stream.Write(_bytes.Slice(start, (int)Math.Min(StepLength, _bytes.Length - start)));
        }
    }

    /// <summary>Frees the elements. Calling it again does nothing.</summary>
    public void Dispose() => _bytes.Dispose();

    private void Convert<T>(nint start, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - destination.Length);
        switch (DataType)
        {
            case NumPyDataType.Float32:
                Convert<float, T>(start, destination);
                break;
            case NumPyDataType.Float64:
                Convert<double, T>(start, destination);
                break;
            case NumPyDataType.Int32:
                Convert<int, T>(start, destination);
                break;
            case NumPyDataType.Int64:
                Convert<long, T>(start, destination);
                break;
            default:
                Convert<byte, T>(start, destination);
                break;
        }
    }

    private void Convert<TFrom, TTo>(nint start, Span<TTo> destination)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        int size = NumPyDataTypes.Size(DataType);
        while (!destination.IsEmpty)
        {
            // In steps, because an array may have more bytes than a span can hold.
            Span<TTo> step = destination[..Math.Min(destination.Length, StepLength)];
            TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, TFrom>(_bytes.Slice(start * size, step.Length * size)), step);
            destination = destination[step.Length..];
            start += step.Length;
        }
    }

    private T[] ToArray<T>(WindowCopy<T> copy)
    {
        if (Length > Array.MaxLength)
        {
            throw new InputException(Source, $"holds {Length} elements, more than the {Array.MaxLength} that fit here", "split the array");
        }

        T[] elements = GC.AllocateUninitializedArray<T>((int)Length);
        copy(0, elements);
        return elements;
    }

    private delegate void WindowCopy<T>(nint start, Span<T> destination);
}
