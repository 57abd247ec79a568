namespace CircuitLasso.Models;

/// <summary>A file of a repository on the hub, as the hub describes it.</summary>
/// <param name="Path">Its path in the repository, with '/' between its parts.</param>
/// <param name="Size">Its bytes; null where the hub's list does not say.</param>
/// <param name="Hash">SHA-256 of its bytes where it is kept apart as a large file (64 digits), Git's SHA-1 of it otherwise (40 digits); null where the hub's list does not say.</param>
internal sealed record HubFile(string Path, long? Size, string? Hash)
{
    /// <summary>Whether text is a hash that a file can have.</summary>
    internal static bool IsHash(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);
}
