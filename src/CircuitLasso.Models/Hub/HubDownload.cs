using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Brings one file's content into <c>blobs</c>. It grows in <c>HASH.incomplete</c>, from where a broken download goes on, is read back and compared with its hash when all of it
/// is there, and gets its name only then.
/// </summary>
internal sealed class HubDownload
{
    // So much must have come for a broken connection not to count among the tries that failed.
    private const long Progress = 1 << 20;

    private readonly HubClient _client;
    private readonly HubName _name;
    private readonly string _commit;
    private readonly HubFile _file;
    private readonly long _size;
    private readonly string _subject;
    private readonly string _blob;
    private readonly string _incomplete;
    private readonly Action<long> _received;
    private readonly Action<long> _hashed;
    private bool _isContinued;

    /// <summary>Prepares the download of a file whose size and hash are known.</summary>
    /// <param name="client">Asks the hub.</param>
    /// <param name="folder">The repository's folder in the cache.</param>
    /// <param name="name">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file.</param>
    /// <param name="received">Told how many bytes of the file are there.</param>
    /// <param name="hashed">Told how many bytes of the file went into its hash.</param>
    public HubDownload(HubClient client, string folder, HubName name, string commit, HubFile file, Action<long> received, Action<long> hashed)
    {
        _client = client;
        _name = name;
        _commit = commit;
        _file = file;
        _size = file.Size!.Value;
        _subject = $"{name.Repository}/{file.Path}";
        _blob = HubCache.Blob(folder, file.Hash!);
        _incomplete = Incomplete(folder, file);
        _received = received;
        _hashed = hashed;
    }

    /// <summary>Where a file grows.</summary>
    public static string Incomplete(string folder, HubFile file) => HubCache.Blob(folder, file.Hash!) + ".incomplete";

    /// <summary>Downloads what is missing. The caller holds the lock.</summary>
    /// <param name="settings">Says whether there is a token, for messages.</param>
    /// <param name="cancellation">Interrupts; what has come by then is kept.</param>
    /// <exception cref="InputException">The file cannot be had, or is not what the hub's list says.</exception>
    public async Task RunAsync(HubSettings settings, CancellationToken cancellation)
    {
        HubCache.Write(_blob, () => Directory.CreateDirectory(Path.GetDirectoryName(_blob)!));
        while (true)
        {
            await _client.RetryAsync(_subject, () => ReceiveAsync(settings, cancellation), cancellation).ConfigureAwait(false);
            if (await HasHashAsync(cancellation).ConfigureAwait(false))
            {
                HubCache.Write(_blob, () => File.Move(_incomplete, _blob, overwrite: true));
                return;
            }

            Discard();
            if (!_isContinued)
            {
                throw new InputException(_subject, "came with other content than its hash says", "give the same command again; if it stays so, check HF_ENDPOINT and what stands between");
            }

            // The part that was there may have been another program's, or of a broken disk: once more from the start.
            _isContinued = false;
        }
    }

    private async Task<bool> ReceiveAsync(HubSettings settings, CancellationToken cancellation)
    {
        long from = HubCache.FileLength(_incomplete) ?? 0;
        if (from > _size)
        {
            Discard();
            from = 0;
        }

        _isContinued |= from > 0;
        _received(from);
        if (from == _size && from > 0)
        {
            return true;
        }

        using HubResponse response = await _client.OpenAsync(_name, _commit, _file.Path, from, cancellation).ConfigureAwait(false);
        if (from > 0 && (response.Status == 416 || (response.Status == 206 && !IsRest(response, from))))
        {
            Discard();
            throw new HubTransientException("the server cannot go on from where it stopped");
        }

        HubStatus.RequireSuccess(response, _name, _subject, settings);
        if (response.Status != 206)
        {
            // The server sends all of it, whatever was asked for.
            from = 0;
        }

        Require(response.LinkedSize is null || response.LinkedSize == _size, $"is said to have {response.LinkedSize} bytes, where the hub's list says {_size}");
        Require(response.ContentLength is null || response.ContentLength == _size - from, $"comes with {response.ContentLength} bytes, where the hub's list leaves {_size - from}");
        long expected = _size - from;
        long count;
        using (FileStream destination = Open(from))
        {
            long start = from;
            try
            {
                count = await _client.CopyAsync(response, new HubBlobStream(_incomplete, destination), expected, cancellation, received => _received(Math.Min(start + received, _size))).ConfigureAwait(false);
            }
            catch (HubTransientException exception)
            {
                throw Broken(exception.Message, destination.Length, start, exception);
            }

            if (count < expected)
            {
                throw Broken("the connection ended", destination.Length, start, null);
            }

            HubCache.Write(_incomplete, () => destination.Flush(flushToDisk: true));
        }

        if (count > expected)
        {
            Discard();
            Require(false, $"does not end after the {_size} bytes that the hub's list says");
        }

        return true;
    }

    private HubTransientException Broken(string problem, long length, long start, Exception? cause) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{problem} after {length} of {_size} bytes"), cause) { HasProgress = length - start >= Progress };

    private bool IsRest(HubResponse response, long from) =>
        response.ContentRange is { } range && range.From == from && (range.Length is null || range.Length == _size) && (range.To is null || range.To == _size - 1);

    private FileStream Open(long from)
    {
        FileStream? stream = null;
        HubCache.Write(_incomplete, () =>
        {
            stream = new FileStream(_incomplete, from == 0 ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 1);
            stream.Seek(from, SeekOrigin.Begin);
        });
        return stream!;
    }

    private void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InputException(_subject, problem, "try again later; if it stays so, check HF_ENDPOINT and what stands between");
        }
    }

    private void Discard() => HubCache.Write(_incomplete, () => File.Delete(_incomplete));

    // Content is named by its SHA-256, or as Git names it: by SHA-1 of a header with its length and of its bytes.
    private async Task<bool> HasHashAsync(CancellationToken cancellation)
    {
        try
        {
#pragma warning disable CA5350 // Git's name of content, which the hub gives and which other programs look for. It is no signature.
            using IncrementalHash hash = IncrementalHash.CreateHash(_file.Hash!.Length == 64 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
#pragma warning restore CA5350
            FileStream stream = new(_incomplete, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            await using (stream.ConfigureAwait(false))
            {
                if (stream.Length != _size)
                {
                    return false;
                }

                if (_file.Hash.Length == 40)
                {
                    hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {_size}\0")));
                }

                byte[] buffer = new byte[1 << 20];
                long count = 0;
                int read;
                while ((read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer, 0, read);
                    _hashed(count += read);
                }
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == _file.Hash;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw HubCache.Unwritable(_incomplete, exception);
        }
    }
}
