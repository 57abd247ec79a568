using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The files of one commit on their way into the cache.</summary>
/// <param name="client">Asks the hub.</param>
/// <param name="cache">The cache.</param>
/// <param name="settings">Who asks.</param>
/// <param name="name">The repository.</param>
/// <param name="folder">Its folder in the cache.</param>
/// <param name="commit">The commit.</param>
/// <param name="message">Takes lines for people.</param>
internal sealed class HubTransfer(HubClient client, HubCache cache, HubSettings settings, HubName name, string folder, string commit, Action<string> message)
{
    private readonly HashSet<string> _downloaded = new(StringComparer.Ordinal);

    /// <summary>Whether a file came from the hub now.</summary>
    public bool HasDownloaded(HubFile file) => _downloaded.Contains(file.Hash!);

    /// <summary>Whether a file is in the cache: in its snapshot, or its content under its hash. A file of another size is none.</summary>
    public bool Has(HubFile file) => HubCache.FileLength(InSnapshot(file)) == file.Size || HubCache.FileLength(HubCache.Blob(folder, file.Hash!)) == file.Size;

    /// <summary>The bytes of a missing file that an interrupted download left.</summary>
    public long BytesThere(HubFile file) => Math.Min(HubCache.FileLength(HubDownload.Incomplete(folder, file)) ?? 0, file.Size!.Value);

    /// <summary>Where a file's content lies.</summary>
    public string ContentOf(HubFile file) => HubCache.FileLength(HubCache.Blob(folder, file.Hash!)) == file.Size ? HubCache.Blob(folder, file.Hash!) : InSnapshot(file);

    /// <summary>Says what will be downloaded.</summary>
    public void Announce(IReadOnlyList<HubFile> files, long bytes) =>
        message($"{name}: downloading {HubFetcher.Megabytes(bytes)} ({files.Count} {(files.Count == 1 ? "file" : "files")}) to {folder}");

    /// <summary>Downloads a file's content unless another process does so first.</summary>
    public async Task DownloadAsync(HubFile file, Action<long> received, Action<long> hashed, CancellationToken cancellation)
    {
        using HubFileLock held = await HubFileLock.AcquireAsync(
            cache.LockOf(folder, file.Hash!), () => message($"{name.Repository}/{file.Path}: another program is downloading it; waiting"), cancellation).ConfigureAwait(false);
        if (!Has(file))
        {
            await new HubDownload(client, folder, name, commit, file, received, hashed).RunAsync(settings, cancellation).ConfigureAwait(false);
            _downloaded.Add(file.Hash!);
        }

        received(file.Size!.Value);
    }

    /// <summary>Gives files their place in the snapshot.</summary>
    public void Place(IReadOnlyList<HubFile> files)
    {
        foreach (HubFile file in files)
        {
            cache.Place(folder, commit, file, mayMove: _downloaded.Contains(file.Hash!) && files.Count(other => other.Hash == file.Hash) == 1);
        }
    }

    private string InSnapshot(HubFile file) => HubCache.PathIn(HubCache.Snapshot(folder, commit), file.Path);
}
