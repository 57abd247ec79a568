using System.Text.Unicode;

namespace CircuitLasso;

/// <summary>The lines of a text file as checked UTF-8 bytes, in memory of one line.</summary>
internal sealed class Utf8LineReader(TextFileBytes file, int maximumLineBytes)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>The file the lines are of.</summary>
    public TextFileBytes File { get; } = file;

    /// <summary>The longest line, in bytes.</summary>
    public int MaximumLineBytes { get; } = maximumLineBytes;

    /// <summary>Number of the line read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Reads the next line without its line feed (a carriage return before it is left); it is valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int feed = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (feed >= 0 || _ended)
            {
                int length = feed >= 0 ? searched + feed : _end - _start;
                line = _buffer.AsSpan(_start, length);
                if (feed < 0 && length == 0)
                {
                    return false;
                }

                Line = checked(Line + 1);
                _start += length + (feed >= 0 ? 1 : 0);
                Check(line);
                return true;
            }

            searched = _end - _start;
            if (searched > MaximumLineBytes)
            {
                throw File.TooLong(Line + 1, MaximumLineBytes);
            }

            Fill();
        }
    }

    private void Check(ReadOnlySpan<byte> line)
    {
        if (line.Length > MaximumLineBytes)
        {
            throw File.TooLong(Line, MaximumLineBytes);
        }

        if (!Utf8.IsValid(line))
        {
            throw File.NotUtf8(Line);
        }
    }

    private void Fill()
    {
        int kept = _end - _start;
        byte[] target = kept > _buffer.Length / 2 ? new byte[checked(_buffer.Length * 2)] : _buffer;
        _buffer.AsSpan(_start, kept).CopyTo(target);
        _buffer = target;
        _start = 0;
        _end = kept + File.Read(_buffer.AsSpan(kept));
        _ended = _end == kept;
    }
}
