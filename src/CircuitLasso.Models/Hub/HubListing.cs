using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>What the hub says of a repository at a revision: the commit, and its files.</summary>
/// <param name="Repository">The repository's name today, which a renamed one is found under too.</param>
/// <param name="Commit">The commit, 40 hexadecimal digits.</param>
/// <param name="Files">The files by path. The paths are the server's: check one before it becomes a file.</param>
internal sealed record HubListing(string Repository, string Commit, IReadOnlyDictionary<string, HubFile> Files)
{
    private const int LongestName = 4096;

    /// <summary>Reads the answer to <c>GET api/models/NAME/revision/REVISION?blobs=true</c>.</summary>
    /// <param name="subject">What was asked for, for messages.</param>
    /// <param name="utf8">The answer.</param>
    /// <exception cref="InputException">It is no such answer.</exception>
    public static HubListing Parse(string subject, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 32 });
            JsonElement root = document.RootElement;
            string commit = root.GetProperty("sha").GetString() ?? string.Empty;
            if (!IsCommit(commit))
            {
                throw Bad(subject, "it names no commit");
            }

            Dictionary<string, HubFile> files = new(StringComparer.Ordinal);
            foreach (JsonElement entry in root.GetProperty("siblings").EnumerateArray())
            {
                HubFile file = ReadFile(subject, entry);
                if (!files.TryAdd(file.Path, file))
                {
                    throw Bad(subject, $"it lists '{file.Path}' twice");
                }
            }

            return new HubListing(root.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString()! : subject, commit, files);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Bad(subject, "it is not the JSON that a hub answers with", exception);
        }
    }

    /// <summary>Whether text is the name of a commit.</summary>
    public static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    private static HubFile ReadFile(string subject, JsonElement entry)
    {
        string path = entry.GetProperty("rfilename").GetString() ?? string.Empty;
        if (path.Length is 0 or > LongestName)
        {
            throw Bad(subject, "it lists a file without a name");
        }

        // Of a large file Git holds a pointer, which blobId is of: what counts stands apart.
        JsonElement described = entry.TryGetProperty("lfs", out JsonElement large) && large.ValueKind == JsonValueKind.Object ? large : entry;
        string? hash = Text(described, "sha256") ?? Text(described, "oid") ?? Text(described, "blobId");
        long? size = described.TryGetProperty("size", out JsonElement bytes) && bytes.ValueKind == JsonValueKind.Number ? bytes.GetInt64() : null;
        if (size < 0 || (hash is not null && !HubFile.IsHash(hash)))
        {
            throw Bad(subject, $"what it says of '{path}' makes no sense");
        }

        return new HubFile(path, size, hash);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static InputException Bad(string subject, string problem, Exception? cause = null) =>
        new(subject, "the hub's list of its files cannot be used: " + problem, "try again later, or check HF_ENDPOINT", cause);
}
