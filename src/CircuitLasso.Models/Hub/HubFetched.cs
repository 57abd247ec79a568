namespace CircuitLasso.Models;

/// <summary>What was fetched, and where it lies. Immutable.</summary>
/// <param name="Name">What was asked for.</param>
/// <param name="Commit">The commit that it is of.</param>
/// <param name="Path">The folder, or file, to give where a path is taken.</param>
/// <param name="Files">The files, in the order of their paths; empty where the hub was not asked.</param>
public sealed record HubFetched(HubName Name, string Commit, string Path, IReadOnlyList<HubFetchedFile> Files)
{
    /// <summary>The bytes of the files that came from the hub now.</summary>
    public long DownloadedBytes => Files.Where(file => file.IsDownloaded).Sum(file => file.Size);
}
