using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Finds models and autoencoders of the hub in the cache that Python's huggingface_hub uses, and downloads what is missing into it. A file counts only when its size and
/// its hash are those that the hub's list says; a snapshot shows files when all that were asked for are there; a branch's commit is noted last.
/// </summary>
/// <remarks>Several processes, and Python, may work on one cache at once. One instance is for one thread at a time.</remarks>
public sealed class HubFetcher
{
    private readonly HubSettings _settings;
    private readonly HubCache _cache;

    /// <summary>Asks nothing of the hub and of the disk yet.</summary>
    /// <param name="settings">Where the hub is, where its files are kept, and who asks.</param>
    public HubFetcher(HubSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _cache = new HubCache(settings.CacheFolder, settings.UsesLinks);
    }

    /// <summary>The path of what is in the cache already, without asking the hub; null where something is missing.</summary>
    /// <param name="name">The name.</param>
    /// <param name="selection">What is needed of it.</param>
    public string? Find(HubName name, HubSelection selection)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(selection);
        return _cache.SnapshotOf(name) is { } snapshot ? selection.FindIn(snapshot, name) : null;
    }

    /// <summary>Brings the cache to the state of the hub, and returns where the files lie. Offline it returns what <see cref="Find"/> does.</summary>
    /// <param name="name">The name.</param>
    /// <param name="selection">What is needed of it.</param>
    /// <param name="progress">Takes the bytes that are there.</param>
    /// <param name="message">Takes lines for people: what will be downloaded, what is tried again.</param>
    /// <param name="cancellation">Interrupts; whole files and the beginning of the one at work are kept, and the same call goes on from there.</param>
    /// <exception cref="InputException">
    /// The hub does not have it or does not give it, or gives something else than it lists, or does not answer, or may not be asked; the disk is full.
    /// </exception>
    public HubFetched Fetch(HubName name, HubSelection selection, IProgress<WorkProgress>? progress = null, Action<string>? message = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(selection);
        if (_settings.IsOffline)
        {
            return Find(name, selection) is { } path
                ? new HubFetched(name, Path.GetFileName(_cache.SnapshotOf(name))!, path, [])
                : throw new InputException(name.ToString(), $"is not in the cache {_settings.CacheFolder}, and HF_HUB_OFFLINE forbids to ask the hub", $"run 'circuitlasso fetch {name}' without HF_HUB_OFFLINE");
        }

        // On a thread of the pool, so that no caller's own context is waited for.
        return Task.Run(() => FetchAsync(name, selection, progress, message ?? (_ => { }), cancellation), cancellation).GetAwaiter().GetResult();
    }

    /// <summary>A number of bytes for people.</summary>
    internal static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:#,0.0} MB");

    private async Task<HubFetched> FetchAsync(HubName name, HubSelection selection, IProgress<WorkProgress>? progress, Action<string> message, CancellationToken cancellation)
    {
        using HubClient client = new(_settings, message);
        HubListing listing = await client.ListAsync(name, cancellation).ConfigureAwait(false);
        string folder = FolderOf(name, listing);
        HubTransfer transfer = new(client, _cache, _settings, name, folder, listing.Commit, message);
        IReadOnlyList<HubFile> selected = await selection.SelectAsync(name, listing, ReadAsync).ConfigureAwait(false);
        HubFile[] files = [.. (await DescribeAsync(selected).ConfigureAwait(false)).OrderBy(file => file.Path, StringComparer.Ordinal)];
        await DownloadAsync(transfer, files, isAnnounced: true, progress, cancellation).ConfigureAwait(false);
        transfer.Place(files);
        string snapshot = HubCache.Snapshot(folder, listing.Commit);
        foreach (string path in selection.Optional.Where(path => !listing.Files.ContainsKey(path)))
        {
            HubCache.MarkMissing(snapshot, path);
        }

        HubCache.WriteReference(folder, name.Revision, listing.Commit);
        HubFetchedFile[] fetched = [.. files.Select(file => new HubFetchedFile(file.Path, file.Size!.Value, transfer.HasDownloaded(file)))];
        return new HubFetched(name, listing.Commit, name.Path.Length == 0 ? snapshot : HubCache.PathIn(snapshot, name.Path), fetched);

        async Task<string> ReadAsync(HubFile file)
        {
            HubFile described = (await DescribeAsync([file]).ConfigureAwait(false))[0];
            await DownloadAsync(transfer, [described], isAnnounced: false, progress: null, cancellation).ConfigureAwait(false);
            return transfer.ContentOf(described);
        }

        async Task<IReadOnlyList<HubFile>> DescribeAsync(IReadOnlyList<HubFile> chosen)
        {
            List<HubFile> described = [];
            foreach (HubFile file in chosen)
            {
                if (HubPath.Problem(file.Path) is { } problem)
                {
                    throw new InputException($"{name.Repository}/{file.Path}", problem, "do not use this repository, or name the files to fetch with --include");
                }

                described.Add(file.Size is null || file.Hash is null ? await client.DescribeAsync(name, listing.Commit, file, cancellation).ConfigureAwait(false) : file);
            }

            return described;
        }
    }

    // Python names the folder as the user names the repository. Where only the folder of today's name is there, its files are not loaded a second time.
    private string FolderOf(HubName name, HubListing listing)
    {
        string folder = _cache.FolderOf(name.Repository);
        return name.TodaysRepository is { } today && today == listing.Repository && !Directory.Exists(folder) && Directory.Exists(_cache.FolderOf(today)) ? _cache.FolderOf(today) : folder;
    }

    private async Task DownloadAsync(HubTransfer transfer, IReadOnlyList<HubFile> files, bool isAnnounced, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        HubFile[] missing = [.. files.Where(file => !transfer.Has(file)).DistinctBy(file => file.Hash)];
        long total = missing.Sum(file => file.Size!.Value);
        long there = missing.Sum(transfer.BytesThere);
        if (missing.Length == 0)
        {
            return;
        }

        if (isAnnounced)
        {
            transfer.Announce(missing, total - there);
        }

        if (_settings.FreeBytes(_settings.CacheFolder) is { } free && free < total - there)
        {
            throw new InputException(_settings.CacheFolder, $"has {Megabytes(free)} free, and {Megabytes(total - there)} are needed", "free some space or set HF_HUB_CACHE to a folder on another disk");
        }

        long before = 0;
        foreach (HubFile file in missing)
        {
            long finished = before;
            await transfer.DownloadAsync(
                file,
                bytes => progress?.Report(new WorkProgress("downloading", finished + bytes, total, "bytes")),
                bytes => progress?.Report(new WorkProgress("checking", bytes, file.Size, "bytes")),
                cancellation).ConfigureAwait(false);
            before += file.Size!.Value;
        }
    }
}
