using System.IO.Compression;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The lines of a JSON lines file, which may be compressed with gzip (recognised by its first bytes), in memory of one line. A compressed file that expands beyond
/// any text is refused, so that a small file cannot keep the program busy. Not thread-safe.
/// </summary>
internal sealed class LabelLines : IDisposable
{
    /// <summary>The longest line, in bytes.</summary>
    internal const int LongestLine = 16 << 20;

    // JSON shrinks to a tenth or a twentieth; gzip cannot do better than a thousandth.
    private const long LargestExpansion = 200;
    private const long FreeBytes = 16L << 20;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly Stream _stream;
    private readonly long _mostBytes;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _read;
    private bool _ended;

    internal LabelLines(string path)
    {
        _path = path;
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(path, "there is no such file of labels", "check the path", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, "cannot be opened: " + cause.Message, "give a file that may be read", cause);
        }

        Span<byte> mark = stackalloc byte[2];
        bool isCompressed = _file.CanSeek && _file.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false) == mark.Length && mark is [0x1f, 0x8b];
        if (_file.CanSeek)
        {
            _file.Position = 0;
        }

        _mostBytes = isCompressed ? (LargestExpansion * _file.Length) + FreeBytes : long.MaxValue;
        _stream = isCompressed ? new GZipStream(_file, CompressionMode.Decompress) : _file;
    }

    /// <summary>Number of the line read last, from 1.</summary>
    internal int Line { get; private set; }

    /// <summary>Reads the next line that is not blank, without its line end; it is valid until the next call.</summary>
    internal bool TryRead(out ReadOnlyMemory<byte> line)
    {
        while (TryReadAny(out line))
        {
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An error in the file, with its line.</summary>
    internal InputException Refuse(string problem, Exception? cause = null) =>
        new(_path, $"line {Line}: {problem}", "give JSON lines of labels: a dump of Neuronpedia, annotations, or lines like {\"node\": \"resid_post.5/3036\", \"label\": \"plural nouns\"}", cause);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _file.Dispose();
    }

    private bool TryReadAny(out ReadOnlyMemory<byte> line)
    {
        int searched = _start;
        while (true)
        {
            int length = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _buffer.AsMemory(_start, searched + length - _start);
                _start = searched + length + 1;
                break;
            }

            searched = _end;
            int begun = _end - _start;
            if (_ended || !Fill())
            {
                _ended = true;
                line = _buffer.AsMemory(_start, _end - _start);
                _start = _end;
                if (line.Length == 0)
                {
                    return false;
                }

                break;
            }

            searched = _start + begun;
        }

        if (Line == 0 && line.Span.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        Line++;
        return true;
    }

    private bool Fill()
    {
        if (_end == _buffer.Length)
        {
            int length = _end - _start;
            if (length > LongestLine)
            {
                Line++;
                throw Refuse($"is longer than {LongestLine >> 20} MiB");
            }

            byte[] target = length > _buffer.Length / 2 ? new byte[2 * _buffer.Length] : _buffer;
            _buffer.AsSpan(_start, length).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, length);
        }

        try
        {
            int read = _stream.Read(_buffer.AsSpan(_end));
            _end += read;
            _read += read;
            return _read <= _mostBytes
                ? read > 0
                : throw new InputException(_path, $"expands to more than {LargestExpansion} times its size, as no file of labels does", "give a dump as it was downloaded");
        }
        catch (InvalidDataException cause)
        {
            throw new InputException(_path, "is damaged: " + cause.Message, "download it again", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InputException(_path, "cannot be read: " + cause.Message, "give a file that may be read", cause);
        }
    }
}
