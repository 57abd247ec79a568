using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace CircuitLasso.Numerics;

/// <summary>
/// Writes a safetensors file of any size in one pass: names and shapes are declared first, then each tensor's elements are given in that order,
/// in as many pieces as the caller likes. The file appears when <see cref="Complete"/> returns, whole or not at all.
/// </summary>
/// <remarks>
/// The bytes depend only on the declarations (in the order given), the metadata (written in ordinal order of the keys) and the elements.
/// The header is padded with blanks to a multiple of 8 bytes; declare the widest element types first to keep every tensor aligned.
/// Not thread-safe.
/// </remarks>
public sealed class SafeTensorsWriter : IDisposable
{
    private readonly AtomicFile _file;
    private readonly IncrementalHash? _hash;
    private readonly List<(SafeTensorsDeclaration Tensor, long Length)> _tensors = [];
    private int _current;
    private long _written;

    /// <summary>Starts a file.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="tensors">The tensors in the order of their bytes.</param>
    /// <param name="metadata">Strings for <c>__metadata__</c>, or null for none.</param>
    /// <param name="computeHash">Whether <see cref="Complete"/> returns the file's SHA-256.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, a name is <c>__metadata__</c>, or a shape is negative or too large.</exception>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public SafeTensorsWriter(string path, IEnumerable<SafeTensorsDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata = null, bool computeHash = false)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        HashSet<string> names = new(StringComparer.Ordinal) { "__metadata__" };
        long total = 0;
        foreach (SafeTensorsDeclaration tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"The name '{tensor.Name}' is taken.", nameof(tensors));
            }

            long length = DenseShape.ByteLength(tensor.Shape, SafeTensorsDataTypes.Size(tensor.DataType)) ?? -1;
            if (length < 0 || length > long.MaxValue - total)
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' has a shape that is negative or too large.", nameof(tensors));
            }

            total += length;
            _tensors.Add((tensor, length));
        }

        byte[] header = Header(metadata);
        _file = new AtomicFile(path);
        _hash = computeHash ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        try
        {
            Append(BitConverter.GetBytes((ulong)header.Length));
            Append(header);
        }
        catch
        {
            Dispose();
            throw;
        }

        SkipFinished();
    }

    /// <summary>Appends elements to a tensor declared as F32.</summary>
    /// <param name="name">The tensor whose turn it is.</param>
    /// <param name="elements">The next elements, row-major.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, the tensor has another type, or it has no room for so many.</exception>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason.</exception>
    public void Write(string name, ReadOnlySpan<float> elements) => Write(name, SafeTensorsDataType.Float32, MemoryMarshal.AsBytes(elements));

    /// <summary>Appends elements to a tensor declared as F64.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
    public void Write(string name, ReadOnlySpan<double> elements) => Write(name, SafeTensorsDataType.Float64, MemoryMarshal.AsBytes(elements));

    /// <summary>Appends elements to a tensor declared as I32.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
    public void Write(string name, ReadOnlySpan<int> elements) => Write(name, SafeTensorsDataType.Int32, MemoryMarshal.AsBytes(elements));

    /// <summary>Appends elements to a tensor declared as I64.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float})"/>
    public void Write(string name, ReadOnlySpan<long> elements) => Write(name, SafeTensorsDataType.Int64, MemoryMarshal.AsBytes(elements));

    /// <summary>Appends bytes to a tensor of any type, little-endian as they are to be stored.</summary>
    /// <param name="name">The tensor whose turn it is.</param>
    /// <param name="bytes">The next bytes.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or the tensor has no room for so many.</exception>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason.</exception>
    public void WriteBytes(string name, ReadOnlySpan<byte> bytes) => Write(name, null, bytes);

    /// <summary>Flushes the file to the disk and gives it its name.</summary>
    /// <returns>The file's SHA-256 in lower-case hexadecimal if it was asked for, otherwise null.</returns>
    /// <exception cref="InvalidOperationException">A tensor still lacks elements, or the file was completed before.</exception>
    /// <exception cref="InputException">The disk is full, or the file cannot be written for another reason; an older file stays.</exception>
    public string? Complete()
    {
        if (_current < _tensors.Count)
        {
            throw new InvalidOperationException($"Tensor '{_tensors[_current].Tensor.Name}' lacks {_tensors[_current].Length - _written} bytes.");
        }

        _file.Commit();
        return _hash is null ? null : Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>Discards a file that was not completed. Calling it again does nothing.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _hash?.Dispose();
    }

    private void Write(string name, SafeTensorsDataType? type, ReadOnlySpan<byte> bytes)
    {
        int index = _current;
        if (bytes.IsEmpty && _tensors.Any(candidate => candidate.Tensor.Name == name))
        {
            // An empty tensor has no turn of its own.
            return;
        }

        if (index >= _tensors.Count || _tensors[index].Tensor.Name != name)
        {
            throw new InvalidOperationException(index >= _tensors.Count ? "All tensors are written." : $"It is the turn of '{_tensors[index].Tensor.Name}', not of '{name}'.");
        }

        (SafeTensorsDeclaration tensor, long length) = _tensors[index];
        if (type is { } given && given != tensor.DataType)
        {
            throw new InvalidOperationException($"Tensor '{name}' is declared as {tensor.DataType}, not {given}.");
        }

        if (bytes.Length > length - _written)
        {
            throw new InvalidOperationException($"Tensor '{name}' has room for {length - _written} bytes, not for {bytes.Length}.");
        }

        Append(bytes);
        _written += bytes.Length;
        SkipFinished();
    }

    private void SkipFinished()
    {
        while (_current < _tensors.Count && _written == _tensors[_current].Length)
        {
            _current++;
            _written = 0;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Stream.Write(bytes);
        _hash?.AppendData(bytes);
    }

    private byte[] Header(IReadOnlyDictionary<string, string>? metadata)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long offset = 0;
            foreach ((SafeTensorsDeclaration tensor, long length) in _tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", SafeTensorsDataTypes.Name(tensor.DataType));
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset + length]);
                json.WriteEndObject();
                offset += length;
            }

            json.WriteEndObject();
        }

        byte[] header = new byte[(buffer.WrittenCount + 7) / 8 * 8];
        header.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
