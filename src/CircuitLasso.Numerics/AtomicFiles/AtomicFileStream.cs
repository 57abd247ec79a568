namespace CircuitLasso.Numerics;

/// <summary>A write-only file stream whose failures name the file that the user asked for, and whose owner alone closes it.</summary>
internal sealed class AtomicFileStream(string path, FileStream inner) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override void Flush() => Try(static (stream, _) => stream.Flush(), 0);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("The stream is for writing only.");

    public override long Seek(long offset, SeekOrigin origin)
    {
        // Seeking writes out what is buffered, so it can meet a full disk.
        long position = 0;
        Try((stream, target) => position = stream.Seek(target, origin), offset);
        return position;
    }

    public override void SetLength(long value) => Try(static (stream, length) => stream.SetLength(length), value);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception exception) when (WriteFailure.IsOne(exception))
        {
            throw WriteFailure.Describe(path, exception);
        }
    }

    public override void WriteByte(byte value) => Write([value]);

    public void FlushToDiskAndClose()
    {
        inner.Flush(flushToDisk: true);
        inner.Dispose();
    }

    public void Discard()
    {
        try
        {
            inner.Dispose();
        }
        catch (IOException)
        {
            // Closing writes out what is buffered; a full disk says so again here, and the bytes are being thrown away.
        }
    }

    private void Try(Action<FileStream, long> action, long argument)
    {
        try
        {
            action(inner, argument);
        }
        catch (Exception exception) when (WriteFailure.IsOne(exception))
        {
            throw WriteFailure.Describe(path, exception);
        }
    }
}
