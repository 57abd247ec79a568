using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CircuitLasso.Testing;

/// <summary>A hub on 127.0.0.1 with one repository, and a CDN of another origin to which large files are sent on.</summary>
public sealed class HubServer : IDisposable
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly LoopbackServer _hub;
    private readonly LoopbackServer _cdn;

    /// <summary>Starts it with an empty repository.</summary>
    /// <param name="repository">The repository's name.</param>
    public HubServer(string repository = "org/model")
    {
        Repository = repository;
        _hub = new LoopbackServer(request => Before?.Invoke(request) ?? Answer(request));
        _cdn = new LoopbackServer(request => BeforeCdn?.Invoke(request) ?? Content(request, Uri.UnescapeDataString(request.Target.Split('?')[0][1..]), new Dictionary<string, string>()));
    }

    /// <summary>The hub's address.</summary>
    public string Address => _hub.Address;

    /// <summary>The repository's name.</summary>
    public string Repository { get; }

    /// <summary>A name that is sent on to the repository's own, as renamed repositories are; or null.</summary>
    public string? OldName { get; init; }

    /// <summary>The commit of main.</summary>
    public string Commit { get; set; } = new('a', 40);

    /// <summary>The token that is demanded, or null.</summary>
    public string? Token { get; init; }

    /// <summary>Whether the list says sizes and hashes.</summary>
    public bool Describes { get; init; } = true;

    /// <summary>Asked before the hub itself answers.</summary>
    public Func<LoopbackRequest, LoopbackReply?>? Before { get; set; }

    /// <summary>Asked before the CDN itself answers.</summary>
    public Func<LoopbackRequest, LoopbackReply?>? BeforeCdn { get; set; }

    /// <summary>What the hub was asked.</summary>
    public IReadOnlyList<LoopbackRequest> Requests => _hub.Requests;

    /// <summary>What the CDN was asked.</summary>
    public IReadOnlyList<LoopbackRequest> CdnRequests => _cdn.Requests;

    /// <summary>The files by their path.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary>Puts a file into the repository. Files of weights are large ones.</summary>
    public HubServer With(string path, byte[] content)
    {
        _files[path] = content;
        return this;
    }

    /// <summary>Puts a file of text into the repository.</summary>
    public HubServer With(string path, string content) => With(path, Encoding.UTF8.GetBytes(content));

    /// <summary>Puts every file of a folder into the repository, below <paramref name="prefix"/>.</summary>
    public HubServer WithFolder(string folder, string prefix = "")
    {
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            With(prefix + Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes(file));
        }

        return this;
    }

    /// <summary>Whether a file is kept apart as a large one.</summary>
    public static bool IsLarge(string path) => path.EndsWith(".safetensors", StringComparison.Ordinal) || path.EndsWith(".npz", StringComparison.Ordinal) || path.EndsWith(".pt", StringComparison.Ordinal);

    /// <summary>The hash under which the hub knows a file.</summary>
    public static string Hash(string path, byte[] content) => IsLarge(path) ? Convert.ToHexStringLower(SHA256.HashData(content)) : GitHash(content);

    /// <summary>The name that Git gives content.</summary>
#pragma warning disable CA5350 // Git's own.
    public static string GitHash(byte[] content) => Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    /// <summary>The list of the repository's files as the hub answers it.</summary>
    public byte[] Listing() => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
    {
        ["_id"] = "0123",
        ["id"] = Repository,
        ["sha"] = Commit,
        ["siblings"] = _files.Select(pair => !Describes ? new Dictionary<string, object?> { ["rfilename"] = pair.Key }
            : IsLarge(pair.Key) ? new Dictionary<string, object?>
            {
                ["rfilename"] = pair.Key,
                ["size"] = pair.Value.Length,
                ["blobId"] = new string('0', 40),
                ["lfs"] = new Dictionary<string, object?> { ["sha256"] = Hash(pair.Key, pair.Value), ["size"] = pair.Value.Length, ["pointerSize"] = 130 },
            }
            : new Dictionary<string, object?> { ["rfilename"] = pair.Key, ["size"] = pair.Value.Length, ["blobId"] = Hash(pair.Key, pair.Value) }),
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _hub.Dispose();
        _cdn.Dispose();
    }

    private LoopbackReply Answer(LoopbackRequest request)
    {
        string target = Uri.UnescapeDataString(request.Target.Split('?')[0]);
        if (OldName is not null && (target.StartsWith($"/api/models/{OldName}/", StringComparison.Ordinal) || target.StartsWith($"/{OldName}/", StringComparison.Ordinal)))
        {
            return new LoopbackReply(307, []) { Headers = new Dictionary<string, string> { ["Location"] = request.Target.Replace($"/{OldName}/", $"/{Repository}/", StringComparison.Ordinal) } };
        }

        if (Token is not null && (!request.Headers.TryGetValue("Authorization", out string? given) || given != "Bearer " + Token))
        {
            return Failure(401, "GatedRepo");
        }

        if (target.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
        {
            string revision = target[$"/api/models/{Repository}/revision/".Length..];
            return revision is "main" or "refs/pr/1" || revision == Commit ? new LoopbackReply(200, Listing()) : Failure(404, "RevisionNotFound");
        }

        string files = $"/{Repository}/resolve/{Commit}/";
        if (!target.StartsWith(files, StringComparison.Ordinal))
        {
            return Failure(401, "RepoNotFound");
        }

        string path = target[files.Length..];
        if (!_files.TryGetValue(path, out byte[]? content))
        {
            return Failure(404, "EntryNotFound");
        }

        Dictionary<string, string> headers = new() { ["X-Repo-Commit"] = Commit, ["ETag"] = $"\"{Hash(path, content)}\"" };
        if (!IsLarge(path))
        {
            return Content(request, path, headers);
        }

        headers["ETag"] = "\"of-a-redirection\"";
        headers["X-Linked-Etag"] = $"\"{Hash(path, content)}\"";
        headers["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture);
        headers["Location"] = $"{_cdn.Address}/{Uri.EscapeDataString(path)}?signature=1";
        return new LoopbackReply(302, Encoding.ASCII.GetBytes("Found")) { Headers = headers };
    }

    private static LoopbackReply Failure(int status, string code) => new(status, Encoding.ASCII.GetBytes("no")) { Headers = new Dictionary<string, string> { ["X-Error-Code"] = code } };

    private LoopbackReply Content(LoopbackRequest request, string path, Dictionary<string, string> headers)
    {
        byte[] content = _files[path];
        int from = request.From;
        if (from == 0)
        {
            return new LoopbackReply(200, content) { Headers = headers };
        }

        headers["Content-Range"] = from < content.Length ? $"bytes {from}-{content.Length - 1}/{content.Length}" : $"bytes */{content.Length}";
        return from < content.Length ? new LoopbackReply(206, content[from..]) { Headers = headers } : new LoopbackReply(416, []) { Headers = headers };
    }
}
