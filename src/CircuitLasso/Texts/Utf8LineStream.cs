namespace CircuitLasso;

/// <summary>Hands the checked lines of a <see cref="Utf8LineReader"/> to a parser that reads a stream of bytes.</summary>
internal sealed class Utf8LineStream(Utf8LineReader lines) : Stream
{
    private byte[] _bytes = [];
    private int _position;
    private int _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position == _length && !Fill())
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, _length - _position);
        _bytes.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private bool Fill()
    {
        if (!lines.TryRead(out ReadOnlySpan<byte> line))
        {
            return false;
        }

        if (_bytes.Length <= line.Length)
        {
            _bytes = new byte[Math.Max(line.Length + 1, 2 * _bytes.Length)];
        }

        line.CopyTo(_bytes);
        _bytes[line.Length] = (byte)'\n';
        _position = 0;
        _length = line.Length + 1;
        return true;
    }
}
