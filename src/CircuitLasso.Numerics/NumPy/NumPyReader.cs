using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics;

/// <summary>Reads one array from the bytes of an .npy file, which may be an entry of an .npz file.</summary>
internal static class NumPyReader
{
    // A multiple of every element size.
    private const int StepLength = 1 << 20;

    /// <summary>Reads the array.</summary>
    /// <param name="source">The file, for messages.</param>
    /// <param name="stream">The bytes.</param>
    /// <param name="length">How many bytes there are; the header must ask for exactly so many, and nothing is allocated before that is known.</param>
    public static NumPyArray Read(string source, Stream stream, long length)
    {
        NumPyHeader header = NumPyHeader.Read(source, stream, out int headerLength);
        if (header.DataLength > length - headerLength)
        {
            throw new InputException(source, $"ends inside its data: it has {length - headerLength} bytes of the {header.DataLength} that its shape asks for", NumPyHeader.Remedy);
        }

        if (header.DataLength < length - headerLength)
        {
            throw new InputException(source, $"has {length - headerLength - header.DataLength} bytes after its data", NumPyHeader.Remedy);
        }

        // Little more than a thousandth of it has to be on the disk where the entry is deflated.
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (header.DataLength > memory)
        {
            throw new InputException(source, $"needs {header.DataLength} bytes of memory, more than the {memory} of this machine", "split the array");
        }

        NativeBuffer<byte> elements = new((nint)header.DataLength, zeroed: false);
        try
        {
            if (header.IsFortranOrder && header.Shape.Count > 1)
            {
                ReadColumnMajor(source, stream, header, elements);
            }
            else
            {
                ReadSteps(source, stream, header, elements.Length, (offset, step) => step.CopyTo(elements.Slice(offset, step.Length)));
            }
        }
        catch
        {
            elements.Dispose();
            throw;
        }

        return new NumPyArray(source, header.DataType, header.Shape, elements);
    }

    private static void ReadSteps(string source, Stream stream, NumPyHeader header, nint length, Step use)
    {
        byte[] buffer = new byte[Math.Min(StepLength, length)];
        for (nint offset = 0; offset < length; offset += buffer.Length)
        {
            Span<byte> step = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset));
            if (stream.ReadAtLeast(step, step.Length, throwOnEndOfStream: false) < step.Length)
            {
                throw new InputException(source, "ends inside its data", NumPyHeader.Remedy);
            }

            if (header.IsBigEndian)
            {
                ReverseEndianness(step, NumPyDataTypes.Size(header.DataType));
            }

            if (header.DataType == NumPyDataType.Boolean && step.IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0)
            {
                throw new InputException(source, "holds a boolean that is neither 0 nor 1", NumPyHeader.Remedy);
            }

            use(offset, step);
        }
    }

    // The file counts the first index fastest; each element is put where the last index counts fastest.
    private static void ReadColumnMajor(string source, Stream stream, NumPyHeader header, NativeBuffer<byte> elements)
    {
        int size = NumPyDataTypes.Size(header.DataType);
        int rank = header.Shape.Count;
        nint[] strides = new nint[rank];
        nint stride = size;
        for (int i = rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= (nint)header.Shape[i];
        }

        long[] index = new long[rank];
        nint place = 0;
        ReadSteps(source, stream, header, elements.Length, (_, step) =>
        {
            for (; !step.IsEmpty; step = step[size..])
            {
                step[..size].CopyTo(elements.Slice(place, size));
                for (int i = 0; i < rank; i++)
                {
                    place += strides[i];
                    if (++index[i] < header.Shape[i])
                    {
                        break;
                    }

                    place -= strides[i] * (nint)index[i];
                    index[i] = 0;
                }
            }
        });
    }

    private static void ReverseEndianness(Span<byte> bytes, int size)
    {
        if (size == 4)
        {
            Span<int> words = MemoryMarshal.Cast<byte, int>(bytes);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        else if (size == 8)
        {
            Span<long> words = MemoryMarshal.Cast<byte, long>(bytes);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }

    private delegate void Step(nint offset, ReadOnlySpan<byte> step);
}
