using System.Security.Cryptography;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The bytes of a text file in order, hashed on the way, without a byte order mark. Failures to read are the user's to hear of.</summary>
internal sealed class TextFileBytes : IDisposable
{
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _begun;

    public TextFileBytes(string path)
    {
        Path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(path, "there is no such text file", "check the path", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, "cannot be opened: " + exception.Message, "give a text file that may be read", exception);
        }
    }

    /// <summary>The path as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Reads at least one byte unless the file has ended.</summary>
    public int Read(Span<byte> destination)
    {
        if (_begun)
        {
            return ReadHashed(destination);
        }

        _begun = true;
        Span<byte> mark = stackalloc byte[3];
        int length = 0;
        for (int read; length < mark.Length && (read = ReadHashed(mark[length..])) > 0;)
        {
            length += read;
        }

        Span<byte> kept = mark[..length].SequenceEqual("\uFEFF"u8) ? [] : mark[..length];
        kept.CopyTo(destination);
        return kept.Length + ReadHashed(destination[kept.Length..]);
    }

    /// <summary>SHA-256 of what was read, in lower-case hexadecimal digits.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>An error in the file, with its line.</summary>
    public InputException Error(long line, string problem, string remedy, Exception? cause = null) =>
        new(Path, $"line {line}: {problem}", remedy, cause);

    public InputException NotUtf8(long line) => Error(line, "is not UTF-8 text", "save the file as UTF-8");

    public InputException TooLong(long line, int maximum) =>
        Error(line, $"a row is longer than {maximum} bytes", "split the row, or check that the format of the file is what its extension says");

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }

    private int ReadHashed(Span<byte> destination)
    {
        try
        {
            int read = _stream.Read(destination);
            _hash.AppendData(destination[..read]);
            return read;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(Path, "cannot be read: " + exception.Message, "give a text file that may be read", exception);
        }
    }
}
