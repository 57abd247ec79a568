using System.IO.Compression;

namespace CircuitLasso.Numerics;

/// <summary>
/// A file of torch.save (the zip format of PyTorch 1.6 and later), or a plain pickle of data without tensors, read without running anything:
/// the pickle's operations and names are those of a short list, and whatever else it asks for is refused. Opening it reads the
/// description; a tensor's elements are read when they are asked for.
/// </summary>
/// <remarks>
/// Values are null, bool, long, double (of Python and of NumPy), string, <c>object?[]</c> (tuple), <c>List&lt;object?&gt;</c>, <c>Dictionary&lt;string, object?&gt;</c>,
/// <see cref="TorchTensor"/> and, for classes that the caller allows, <see cref="TorchObject"/>. They can be walked through: no value contains
/// itself, and depth and size are bounded. Not thread-safe.
/// </remarks>
public sealed class TorchFile : IDisposable
{
    private const string PickleName = "data.pkl";
    private const string Remedy = "save it again with torch.save in PyTorch 1.6 or later, as a dictionary of tensors";
    private const long LargestPickle = 16 << 20;
    private const int StepLength = 1 << 20;

    // No deflated block yields more than 1,032 bytes for one, and a short one holds a few bytes of headers.
    private const long MaximumDeflateRatio = 1032;
    private const long DeflateAllowance = 1 << 16;

    // What torch.save wrote before PyTorch 1.6 starts with this pickled number.
    private static readonly byte[] _legacyMagic = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];

    private readonly ZipArchive? _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    // The parts of one storage are often asked for one after the other.
    private (string Key, NativeBuffer<byte> Bytes)? _last;

    private TorchFile(string path, IReadOnlySet<string> allowedClasses)
    {
        Path = path;
        FileStream stream = InputFile.OpenRead(path);
        try
        {
            Span<byte> start = stackalloc byte[14];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            stream.Position = 0;
            if (start.SequenceEqual(_legacyMagic))
            {
                throw new InputException(path, "is a torch file of the format before PyTorch 1.6", Remedy);
            }

            if (start.StartsWith("PK"u8))
            {
                _archive = new ZipArchive(stream, ZipArchiveMode.Read);
                byte[] pickle = OpenArchive();
                Root = PickleReader.Read(pickle, new TorchConstructors(this, allowedClasses, StorageBytes), Bad);
                return;
            }

            if (!start.StartsWith([(byte)PickleOpcode.Protocol]) || stream.Length > LargestPickle)
            {
                throw new InputException(path, "is not a file of torch.save", Remedy);
            }

            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            stream.Dispose();
            Root = PickleReader.Read(bytes, new TorchConstructors(this, allowedClasses, static _ => -1), Bad);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            stream.Dispose();
            throw Bad("is not a whole torch file", exception);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>The name of the archive's one folder, the stem of the file that torch.save was given; empty in a plain pickle.</summary>
    public string ArchiveName { get; private set; } = string.Empty;

    /// <summary>What was saved.</summary>
    public object? Root { get; }

    /// <summary>What was saved, as a dictionary.</summary>
    /// <exception cref="InputException">It is something else.</exception>
    public IReadOnlyDictionary<string, object?> Dictionary => Root as Dictionary<string, object?> ?? throw Bad("does not hold a dictionary");

    /// <summary>Opens a file and reads everything but the elements of its tensors.</summary>
    /// <param name="path">The file.</param>
    /// <param name="allowedClasses">Names of classes (module and class) whose instances become <see cref="TorchObject"/>; none if it is null.</param>
    /// <exception cref="InputException">
    /// The file is missing, damaged, of the format before PyTorch 1.6, or big-endian; it asks for more than data, holds integers beyond 64 bits,
    /// dictionaries with other keys than strings, a tensor that does not fit its storage, or data that contains itself or unfolds without bound.
    /// </exception>
    public static TorchFile Read(string path, IReadOnlySet<string>? allowedClasses = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new TorchFile(path, allowedClasses ?? new HashSet<string>());
    }

    /// <summary>The tensor under a key of the dictionary.</summary>
    /// <param name="key">Its name.</param>
    /// <exception cref="InputException">There is no dictionary, no such key, or no tensor under it.</exception>
    public TorchTensor Tensor(string key) =>
        Dictionary.TryGetValue(key, out object? value) && value is TorchTensor tensor ? tensor : throw Bad($"has no tensor '{key}'");

    /// <summary>All tensors of the dictionary by name, where it holds nothing else.</summary>
    /// <exception cref="InputException">There is no dictionary, or something in it is no tensor.</exception>
    public IReadOnlyDictionary<string, TorchTensor> Tensors() => Dictionary.ToDictionary(
        pair => pair.Key,
        pair => pair.Value as TorchTensor ?? throw Bad($"holds '{(pair.Key.Length <= 100 ? pair.Key : pair.Key[..100])}', which is no tensor"),
        StringComparer.Ordinal);

    /// <summary>Closes the file. Calling it again does nothing.</summary>
    public void Dispose()
    {
        _archive?.Dispose();
        _last?.Bytes.Dispose();
        _last = null;
    }

    internal InputException Bad(string problem) => Bad(problem, null);

    /// <summary>All bytes of a storage. They belong to this file and stay until another storage is asked for.</summary>
    internal NativeBuffer<byte> Storage(TorchStorage storage)
    {
        if (_last is { } last && last.Key == storage.Key)
        {
            return last.Bytes;
        }

        _last?.Bytes.Dispose();
        _last = null;
        ZipArchiveEntry entry = _entries[StorageName(storage.Key)];
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (entry.Length > memory)
        {
            throw Bad($"needs {entry.Length} bytes of memory for one storage, more than the {memory} of this machine");
        }

        NativeBuffer<byte> bytes = new((nint)entry.Length, zeroed: false);
        try
        {
            Fill(entry, bytes);
            _last = (storage.Key, bytes);
            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private byte[] OpenArchive()
    {
        foreach (ZipArchiveEntry entry in _archive!.Entries)
        {
            if (!_entries.TryAdd(entry.FullName, entry))
            {
                throw Bad("has two entries of one name");
            }
        }

        ZipArchiveEntry[] pickles = [.. _entries.Values.Where(entry => entry.Name == PickleName && entry.FullName.Count(c => c == '/') == 1)];
        if (pickles.Length != 1)
        {
            throw Bad($"has no {PickleName}, or several");
        }

        ArchiveName = pickles[0].FullName[..^(PickleName.Length + 1)];
        if (_entries.TryGetValue($"{ArchiveName}/byteorder", out ZipArchiveEntry? order) && !Content(order, 16).AsSpan().SequenceEqual("little"u8))
        {
            throw Bad("was written on a big-endian machine");
        }

        return Content(pickles[0], LargestPickle);
    }

    private byte[] Content(ZipArchiveEntry entry, long largest)
    {
        if (entry.Length > largest)
        {
            throw Bad($"has an entry '{entry.Name}' of {entry.Length} bytes, more than {largest}");
        }

        using NativeBuffer<byte> bytes = new((nint)entry.Length, zeroed: false);
        Fill(entry, bytes);
        return bytes.Span.ToArray();
    }

    private void Fill(ZipArchiveEntry entry, NativeBuffer<byte> bytes)
    {
        try
        {
            if (entry.IsEncrypted || entry.Length > DeflateAllowance + ((Int128)entry.CompressedLength * MaximumDeflateRatio))
            {
                throw Bad($"has an entry '{entry.Name}' that is encrypted or claims to grow more than deflate can");
            }

            using Crc32Stream stream = new(entry.Open());
            for (nint start = 0; start < bytes.Length; start += StepLength)
            {
                stream.ReadExactly(bytes.Slice(start, (int)Math.Min(StepLength, bytes.Length - start)));
            }

            if (stream.Value != entry.Crc32)
            {
                throw Bad($"is damaged: the checksum of its entry '{entry.Name}' is wrong");
            }
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw Bad($"is damaged in its entry '{entry.Name}'", exception);
        }
    }

    private long StorageBytes(string key) => _entries.TryGetValue(StorageName(key), out ZipArchiveEntry? entry) ? entry.Length : -1;

    private string StorageName(string key) => $"{ArchiveName}/data/{key}";

    // What the zip library throws for archives that are not as they say.
    private static bool IsDamage(Exception exception) => exception is InvalidDataException or IOException or NotSupportedException;

    private InputException Bad(string problem, Exception? cause) => new(Path, problem, Remedy, cause);
}
