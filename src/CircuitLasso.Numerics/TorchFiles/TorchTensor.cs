using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>One tensor of a <see cref="TorchFile"/>, read from it when it is asked for. Its place was checked when the file was opened.</summary>
/// <remarks>Not thread-safe; of no use after the file has been disposed of.</remarks>
public sealed class TorchTensor
{
    // Conversions go in steps, because a tensor may have more bytes than a span can hold.
    private const int StepLength = 1 << 20;

    private readonly TorchFile _file;
    private readonly TorchStorage _storage;
    private readonly long _offset;
    private readonly long[] _strides;

    internal TorchTensor(TorchFile file, TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        _file = file;
        _storage = storage;
        _offset = offset;
        _strides = strides;
        Shape = shape;
        ElementCount = shape.Aggregate(1L, (product, size) => product * size);
    }

    /// <summary>The type of the elements.</summary>
    public TorchDataType DataType => _storage.DataType;

    /// <summary>The dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements: the product of the dimensions, one for a scalar; never more than the file stores.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes of one element of a type.</summary>
    public static int ElementSize(TorchDataType type) => TorchDataTypes.Size(type);

    /// <summary>Reads all elements of a floating-point tensor as float32, row-major; float64 is rounded to the nearest.</summary>
    /// <param name="destination">As long as the tensor.</param>
    /// <exception cref="InputException">The elements are whole numbers or truth values, or the file is damaged.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void ReadSingle(Span<float> destination)
    {
        if (!TorchDataTypes.IsFloatingPoint(DataType))
        {
            throw _file.Bad($"holds a tensor of {DataType} where floating-point numbers are expected");
        }

        Read(destination, Convert);
    }

    /// <summary>Reads all elements of a tensor of whole numbers or truth values, row-major; true is one.</summary>
    /// <param name="destination">As long as the tensor.</param>
    /// <exception cref="InputException">The elements are floating-point numbers, or the file is damaged.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void ReadInt64(Span<long> destination)
    {
        if (TorchDataTypes.IsFloatingPoint(DataType))
        {
            throw _file.Bad($"holds a tensor of {DataType} where whole numbers are expected");
        }

        Read(destination, Convert);
    }

    /// <summary>Hands over the elements of any type as they are stored, little-endian, row-major, in pieces of at most a mebibyte.</summary>
    /// <param name="write">Takes a piece; it is of no use after the call.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public void CopyTo(Action<ReadOnlySpan<byte>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (ElementCount == 0)
        {
            return;
        }

        int size = TorchDataTypes.Size(DataType);
        NativeBuffer<byte> bytes = _file.Storage(_storage);
        if (IsContiguous())
        {
            long length = ElementCount * size;
            for (long start = 0; start < length; start += StepLength)
            {
                write(bytes.Slice((nint)((_offset * size) + start), (int)Math.Min(StepLength, length - start)));
            }

            return;
        }

        byte[] piece = new byte[StepLength];
        int filled = 0;
        long[] index = new long[Shape.Count];
        nint place = (nint)_offset;
        for (long i = 0; i < ElementCount; i++)
        {
            bytes.Slice(place * size, size).CopyTo(piece.AsSpan(filled));
            filled += size;
            if (filled == piece.Length)
            {
                write(piece);
                filled = 0;
            }

            Advance(index, ref place);
        }

        write(piece.AsSpan(0, filled));
    }

    private void Read<T>(Span<T> destination, Conversion<T> convert)
        where T : unmanaged
    {
        if (destination.Length != ElementCount)
        {
            throw new ArgumentException($"The tensor has {ElementCount} elements, the destination {destination.Length}.", nameof(destination));
        }

        if (destination.IsEmpty)
        {
            return;
        }

        int size = TorchDataTypes.Size(DataType);
        NativeBuffer<byte> bytes = _file.Storage(_storage);
        if (IsContiguous())
        {
            ConvertSteps(bytes, _offset * size, size, destination, convert);
            return;
        }

        // Every element lies at or after the first, for strides are never negative.
        long reach = 1;
        for (int i = 0; i < Shape.Count; i++)
        {
            reach += (Shape[i] - 1) * _strides[i];
        }

        using NativeBuffer<T> region = new((nint)reach, zeroed: false);
        for (nint start = 0; start < region.Length; start += StepLength)
        {
            ConvertSteps(bytes, (_offset + start) * size, size, region.Slice(start, (int)Math.Min(StepLength, region.Length - start)), convert);
        }

        Gather(region, destination);
    }

    private static void ConvertSteps<T>(NativeBuffer<byte> bytes, long offset, int size, Span<T> destination, Conversion<T> convert)
    {
        while (!destination.IsEmpty)
        {
            Span<T> step = destination[..Math.Min(destination.Length, StepLength)];
            convert(bytes.Slice((nint)offset, step.Length * size), step);
            destination = destination[step.Length..];
            offset += (long)step.Length * size;
        }
    }

    private void Gather<T>(NativeBuffer<T> region, Span<T> destination)
        where T : unmanaged
    {
        long[] index = new long[Shape.Count];
        nint place = 0;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = region.Slice(place, 1)[0];
            Advance(index, ref place);
        }
    }

    // The next element in row-major order.
    private void Advance(long[] index, ref nint place)
    {
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            place += (nint)_strides[axis];
            if (++index[axis] < Shape[axis])
            {
                break;
            }

            place -= (nint)(_strides[axis] * index[axis]);
            index[axis] = 0;
        }
    }

    private bool IsContiguous()
    {
        long expected = 1;
        for (int i = Shape.Count - 1; i >= 0; i--)
        {
            if (Shape[i] != 1 && _strides[i] != expected)
            {
                return false;
            }

            expected *= Shape[i];
        }

        return true;
    }

    private void Convert(ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (DataType)
        {
            case TorchDataType.Float32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TorchDataType.Float64:
                SingleConversion.FromFloat64(source, destination);
                break;
            case TorchDataType.Float16:
                SingleConversion.FromFloat16(source, destination);
                break;
            default:
                SingleConversion.FromBFloat16(source, destination);
                break;
        }
    }

    private void Convert(ReadOnlySpan<byte> source, Span<long> destination)
    {
        switch (DataType)
        {
            case TorchDataType.Int64:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case TorchDataType.Int32:
                Widen<int>(source, destination);
                break;
            case TorchDataType.Int16:
                Widen<short>(source, destination);
                break;
            case TorchDataType.Int8:
                Widen<sbyte>(source, destination);
                break;
            default:
                Widen<byte>(source, destination);
                break;
        }
    }

    private static void Widen<T>(ReadOnlySpan<byte> source, Span<long> destination)
        where T : unmanaged, INumberBase<T> => TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, T>(source), destination);

    private delegate void Conversion<T>(ReadOnlySpan<byte> source, Span<T> destination);
}
