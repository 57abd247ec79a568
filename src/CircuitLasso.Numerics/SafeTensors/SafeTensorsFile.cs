using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>
/// A safetensors file, memory-mapped: opening it reads and checks the header, and a tensor's bytes come from the disk when it is read.
/// Shapes are row-major; a row is everything below one index of the first dimension.
/// </summary>
/// <remarks>Reading from several threads is safe; <see cref="Dispose"/> must not race with use.</remarks>
public sealed class SafeTensorsFile : IDisposable
{
    // Conversions go in steps, because a tensor may have more bytes than a span can hold.
    private const int StepLength = 1 << 20;

    private readonly MemoryMappedBytes _bytes;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">
    /// The file is missing or damaged, or is not a safetensors file: a header that is truncated, too long or not JSON, a tensor whose shape, type
    /// and offsets disagree, offsets that overlap, leave holes or lie outside the file.
    /// </exception>
    public SafeTensorsFile(string path)
    {
        _bytes = new MemoryMappedBytes(path);
        try
        {
            SafeTensorsHeader header = SafeTensorsHeader.Read(_bytes);
            Tensors = header.Tensors;
            Metadata = header.Metadata;
        }
        catch
        {
            _bytes.Dispose();
            throw;
        }
    }

    /// <summary>The file, as the caller named it.</summary>
    public string Path => _bytes.Path;

    /// <summary>The mapped file, in which an entry's <see cref="SafeTensorsEntry.Offset"/> counts; it ends with this object.</summary>
    public MemoryMappedBytes Mapping => _bytes;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafeTensorsEntry> Tensors { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="InputException">The file has no such tensor.</exception>
    public SafeTensorsEntry Tensor(string name) =>
        Tensors.TryGetValue(name, out SafeTensorsEntry? entry)
            ? entry
            : throw new InputException(Path, $"has no tensor '{name}'", "check that this is the right file");

    /// <summary>Reads a whole tensor of F32, F16, BF16 or F64 as float32; F64 is rounded to the nearest.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Takes the elements, row-major; as long as the tensor.</param>
    /// <exception cref="InputException">The file has no such tensor, or its elements are not floating-point numbers.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    public void ReadSingle(string name, Span<float> destination) => ReadSingle(name, 0, Tensor(name).RowCount, destination);

    /// <summary>Reads rows of a tensor of F32, F16, BF16 or F64 as float32; F64 is rounded to the nearest.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="firstRow">Index of the first row; a scalar has one row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="destination">Takes the elements; as long as the rows.</param>
    /// <exception cref="InputException">The file has no such tensor, or its elements are not floating-point numbers.</exception>
    /// <exception cref="ArgumentException">The rows are not in the tensor, or <paramref name="destination"/> has another length than they.</exception>
    public void ReadSingle(string name, long firstRow, long rowCount, Span<float> destination)
    {
        SafeTensorsEntry entry = Tensor(name);
        if (entry.DataType is not (SafeTensorsDataType.Float32 or SafeTensorsDataType.Float16 or SafeTensorsDataType.BFloat16 or SafeTensorsDataType.Float64))
        {
            throw WrongType(entry, "F32, F16, BF16 or F64");
        }

        long offset = Locate(entry, firstRow, rowCount, destination.Length);
        int size = SafeTensorsDataTypes.Size(entry.DataType);
        while (!destination.IsEmpty)
        {
            Span<float> step = destination[..Math.Min(destination.Length, StepLength)];
            _bytes.RequireUnchanged();
            ReadOnlySpan<byte> source = _bytes.Slice((nint)offset, step.Length * size);
            switch (entry.DataType)
            {
                case SafeTensorsDataType.Float32:
                    source.CopyTo(MemoryMarshal.AsBytes(step));
                    break;
                case SafeTensorsDataType.Float16:
                    SingleConversion.FromFloat16(source, step);
                    break;
                case SafeTensorsDataType.BFloat16:
                    SingleConversion.FromBFloat16(source, step);
                    break;
                default:
                    SingleConversion.FromFloat64(source, step);
                    break;
            }

            destination = destination[step.Length..];
            offset += source.Length;
        }
    }

    /// <summary>Reads a whole tensor of I32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Takes the elements, row-major; as long as the tensor.</param>
    /// <exception cref="InputException">The file has no such tensor, or it has another type.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    public void ReadInt32(string name, Span<int> destination) => ReadInt32(name, 0, Tensor(name).RowCount, destination);

    /// <summary>Reads rows of a tensor of I32.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="firstRow">Index of the first row; a scalar has one row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="destination">Takes the elements; as long as the rows.</param>
    /// <exception cref="InputException">The file has no such tensor, or it has another type.</exception>
    /// <exception cref="ArgumentException">The rows are not in the tensor, or <paramref name="destination"/> has another length than they.</exception>
    public void ReadInt32(string name, long firstRow, long rowCount, Span<int> destination) =>
        ReadRaw(name, SafeTensorsDataType.Int32, firstRow, rowCount, destination);

    /// <summary>Reads a whole tensor of I64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Takes the elements, row-major; as long as the tensor.</param>
    /// <exception cref="InputException">The file has no such tensor, or it has another type.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    public void ReadInt64(string name, Span<long> destination) => ReadInt64(name, 0, Tensor(name).RowCount, destination);

    /// <summary>Reads rows of a tensor of I64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="firstRow">Index of the first row; a scalar has one row.</param>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="destination">Takes the elements; as long as the rows.</param>
    /// <exception cref="InputException">The file has no such tensor, or it has another type.</exception>
    /// <exception cref="ArgumentException">The rows are not in the tensor, or <paramref name="destination"/> has another length than they.</exception>
    public void ReadInt64(string name, long firstRow, long rowCount, Span<long> destination) =>
        ReadRaw(name, SafeTensorsDataType.Int64, firstRow, rowCount, destination);

    /// <summary>A window of a tensor's bytes as they are stored; valid until the file is disposed of.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="offset">The first byte, counted from the start of the tensor.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="InputException">The file has no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long offset, int length)
    {
        SafeTensorsEntry entry = Tensor(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, entry.Length - length);
        return _bytes.Slice((nint)(entry.Offset + offset), length);
    }

    /// <summary>Unmaps the file. Calling it again does nothing.</summary>
    public void Dispose() => _bytes.Dispose();

    private void ReadRaw<T>(string name, SafeTensorsDataType type, long firstRow, long rowCount, Span<T> destination)
        where T : unmanaged
    {
        SafeTensorsEntry entry = Tensor(name);
        if (entry.DataType != type)
        {
            throw WrongType(entry, SafeTensorsDataTypes.Name(type));
        }

        long offset = Locate(entry, firstRow, rowCount, destination.Length);
        while (!destination.IsEmpty)
        {
            Span<byte> step = MemoryMarshal.AsBytes(destination[..Math.Min(destination.Length, StepLength)]);
            _bytes.RequireUnchanged();
            _bytes.Slice((nint)offset, step.Length).CopyTo(step);
            destination = destination[Math.Min(destination.Length, StepLength)..];
            offset += step.Length;
        }
    }

    private static long Locate(SafeTensorsEntry entry, long firstRow, long rowCount, int destinationLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, entry.RowCount - rowCount);

        // Neither product overflows: the header check bounds the product of all dimensions, zeros counted as ones.
        if (rowCount * entry.RowLength != destinationLength)
        {
            throw new ArgumentException($"The rows have {rowCount * entry.RowLength} elements, the destination {destinationLength}.");
        }

        return entry.Offset + (firstRow * entry.RowLength * SafeTensorsDataTypes.Size(entry.DataType));
    }

    private InputException WrongType(SafeTensorsEntry entry, string expected) =>
        new(Path, $"tensor '{entry.Name}' is {SafeTensorsDataTypes.Name(entry.DataType)}, not {expected}", "convert the tensor");
}
