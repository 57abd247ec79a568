using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>A hub with a small model, an empty cache, and what was said on the way.</summary>
internal sealed class HubFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal HubFixture(HubServer? server = null)
    {
        Server = (server ?? new HubServer())
            .With("config.json", "{\"model_type\": \"gpt2\"}")
            .With("tokenizer.json", "{}")
            .With("README.md", "a model")
            .With("model.safetensors", Bytes(300_000, 1))
            .With("pytorch_model.bin", Bytes(1000, 2))
            .With("onnx/model.onnx", Bytes(1000, 3))
            .With("tf_model.h5", Bytes(1000, 4));
    }

    internal HubServer Server { get; }

    internal string Cache => _folder.PathOf("hub");

    internal string Folder => Path.Combine(Cache, "models--" + Server.Repository.Replace("/", "--", StringComparison.Ordinal));

    internal string Snapshot => Path.Combine(Folder, "snapshots", Server.Commit);

    internal List<string> Messages { get; } = [];

    internal string? Token { get; set; }

    internal bool IsOffline { get; set; }

    internal bool UsesLinks { get; set; } = true;

    internal long? FreeBytes { get; set; }

    internal int Attempts { get; set; } = 3;

    internal TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    internal HubFetcher Fetcher => new(new HubSettings
    {
        Endpoint = new Uri(Server.Address),
        CacheFolder = Cache,
        Token = Token,
        IsOffline = IsOffline,
        UsesLinks = UsesLinks,
        Attempts = Attempts,
        FirstDelay = TimeSpan.FromMilliseconds(1),
        Timeout = Timeout,
        FreeBytes = _ => FreeBytes,
    });

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }

    internal static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal HubFetched Fetch(string? name = null, HubSelection? selection = null, CancellationToken cancellation = default) =>
        Fetcher.Fetch(HubName.Parse(name ?? Server.Repository), selection ?? HubSelection.Model, progress: null, message: Messages.Add, cancellation);

    /// <summary>What lies in the cache, but for lock files and empty folders: paths, and where links lead.</summary>
    internal string[] Contents(string? folder = null) => !Directory.Exists(folder ?? Cache) ? [] :
    [
        .. Directory.GetFiles(folder ?? Cache, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder ?? Cache, path) + (new FileInfo(path).LinkTarget is { } target ? " -> " + target : string.Empty))
            .Where(path => !path.StartsWith(".locks", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    internal string BlobOf(string path) => Path.Combine(Folder, "blobs", HubServer.Hash(path, Server.Files[path]));
}
