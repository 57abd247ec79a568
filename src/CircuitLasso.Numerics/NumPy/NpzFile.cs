using System.IO.Compression;

namespace CircuitLasso.Numerics;

/// <summary>
/// NumPy's file of named arrays (.npz): a zip archive, also beyond 4 GiB, of .npy entries that are stored or deflated. Opening it reads the list of
/// names; an array is read when it is asked for, so that one of an unknown type does not stand in the way of the others.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class NpzFile : IDisposable
{
    private const string Extension = ".npy";
    private const string Remedy = "save the arrays again with numpy.savez";

    // No deflated block yields more than 1,032 bytes for one, and a short one holds a few bytes of headers.
    private const long MaximumDeflateRatio = 1032;
    private const long DeflateAllowance = 1 << 16;

    private static readonly DateTimeOffset _entryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <summary>Opens a file and reads its names.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is missing, is not a zip archive, is damaged, or has two arrays of one name.</exception>
    public NpzFile(string path)
    {
        Path = path;
        FileStream stream = InputFile.OpenRead(path);
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read);
            foreach (ZipArchiveEntry entry in _archive.Entries.Where(entry => entry.FullName.EndsWith(Extension, StringComparison.Ordinal)))
            {
                string name = entry.FullName[..^Extension.Length];
                if (!_entries.TryAdd(name, entry))
                {
                    throw new InputException(path, $"has two arrays named '{Shown(name)}'", Remedy);
                }

                _names.Add(name);
            }
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            stream.Dispose();
            throw new InputException(path, "is not a whole .npz file", Remedy, exception);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>The names of the arrays, in the order of the file; entries that are not .npy files are left out.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Whether there is an array of that name.</summary>
    /// <param name="name">Its name, without .npy.</param>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Reads an array into memory and checks its checksum.</summary>
    /// <param name="name">Its name, without .npy.</param>
    /// <returns>The array; dispose of it to free its memory early.</returns>
    /// <exception cref="InputException">There is no such array, it is damaged, or it has another element type than <see cref="NumPyDataType"/> lists.</exception>
    public NumPyArray Read(string name) => Read(name, NumPyReader.Read, static array => array.Dispose());

    /// <summary>Reads one short text, an array without dimensions; null where the entry is something else.</summary>
    internal string? ReadText(string name) => Read(
        name,
        static (_, stream, length) =>
        {
            byte[] bytes = new byte[Math.Min(length, NumPyText.LongestEntry)];
            stream.ReadExactly(bytes);
            return length > bytes.Length ? null : NumPyText.Parse(bytes);
        },
        static _ => { });

    private T Read<T>(string name, Func<string, Stream, long, T> read, Action<T> discard)
    {
        if (!_entries.TryGetValue(name, out ZipArchiveEntry? entry))
        {
            throw new InputException(Path, $"has no array '{Shown(name)}'", "check that this is the right file");
        }

        string source = $"{Path} ({Shown(name)})";
        try
        {
            if (entry.IsEncrypted)
            {
                throw new InputException(source, "is encrypted", Remedy);
            }

            if (entry.Length > DeflateAllowance + ((Int128)entry.CompressedLength * MaximumDeflateRatio))
            {
                throw new InputException(source, $"claims to grow from {entry.CompressedLength} to {entry.Length} bytes, which deflate cannot do", Remedy);
            }

            using Crc32Stream stream = new(entry.Open());
            T content = read(source, stream, entry.Length);
            if (stream.Value != entry.Crc32)
            {
                discard(content);
                throw new InputException(source, "is damaged: its checksum is wrong", Remedy);
            }

            return content;
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new InputException(source, "is damaged", Remedy, exception);
        }
    }

    /// <summary>
    /// Writes named arrays. The same arrays in the same order give the same bytes; with compression they also depend on the version of .NET,
    /// whose deflate is used.
    /// </summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="arrays">Names (without .npy) and arrays, in the order of the file.</param>
    /// <param name="compress">Whether the arrays are deflated, as by numpy.savez_compressed, or stored, as by numpy.savez.</param>
    /// <exception cref="ArgumentException">A name is empty or there twice.</exception>
    /// <exception cref="InputException">The file cannot be written, or the disk is full.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, NumPyArray>> arrays, bool compress = false)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        WriteEntries(path, arrays.Select(array => new KeyValuePair<string, Action<Stream>>(array.Key, array.Value.WriteTo)), compress);
    }

    /// <summary>Writes named entries, each by what writes its .npy bytes.</summary>
    internal static void WriteEntries(string path, IEnumerable<KeyValuePair<string, Action<Stream>>> entries, bool compress)
    {
        AtomicFile.Write(path, stream =>
        {
            HashSet<string> names = new(StringComparer.Ordinal);
            using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, Action<Stream> write) in entries)
            {
                if (string.IsNullOrEmpty(name) || !names.Add(name))
                {
                    throw new ArgumentException($"The name '{name}' is empty or there twice.", nameof(entries));
                }

                ZipArchiveEntry entry = archive.CreateEntry(name + Extension, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
                entry.LastWriteTime = _entryTime;
                entry.ExternalAttributes = 0;
                using Stream target = entry.Open();
                write(target);
            }
        });
    }

    /// <summary>Closes the file; arrays that were read stay. Calling it again does nothing.</summary>
    public void Dispose() => _archive.Dispose();

    // What the zip library throws for archives that are not as they say.
    private static bool IsDamage(Exception exception) => exception is InvalidDataException or IOException or NotSupportedException;

    private static string Shown(string name) => name.Length <= 100 ? name : name[..100] + "...";
}
