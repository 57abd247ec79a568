using System.Buffers.Binary;

namespace CircuitLasso.Numerics;

/// <summary>Reads another stream, which it owns, and keeps the CRC-32 of zip archives (ISO 3309, reflected polynomial EDB88320) of what went by.</summary>
internal sealed class Crc32Stream(Stream inner) : Stream
{
    private const int Stride = 8;

    // Entry 256 k + v is what the byte v does to the state when k more bytes follow it, so that eight bytes are looked up at once (Kounavis and Berry 2005).
    private static readonly uint[] _table = CreateTable();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of all bytes read so far.</summary>
    public uint Value => ~_state;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _state = Advance(_state, buffer[..read]);
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static uint Advance(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = _table;
        for (; bytes.Length >= Stride; bytes = bytes[Stride..])
        {
            uint low = state ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            state = table[1792 + (byte)low] ^ table[1536 + (byte)(low >> 8)] ^ table[1280 + (byte)(low >> 16)] ^ table[1024 + (int)(low >> 24)]
                ^ table[768 + (byte)high] ^ table[512 + (byte)(high >> 8)] ^ table[256 + (byte)(high >> 16)] ^ table[(int)(high >> 24)];
        }

        foreach (byte value in bytes)
        {
            state = table[(byte)(state ^ value)] ^ (state >> 8);
        }

        return state;
    }

    private static uint[] CreateTable()
    {
        uint[] table = new uint[256 * Stride];
        for (int at = 0; at < table.Length; at++)
        {
            uint value = at < 256 ? (uint)at : table[at - 256];
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0xEDB88320;
            }

            table[at] = value;
        }

        return table;
    }
}
