namespace CircuitLasso.Models;

/// <summary>A file that was asked for.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="IsDownloaded">Whether it came from the hub now, rather than lying in the cache already.</param>
public sealed record HubFetchedFile(string Path, long Size, bool IsDownloaded);
