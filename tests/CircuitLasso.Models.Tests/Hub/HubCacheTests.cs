using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>A cache that other programs write to as well.</summary>
public sealed class HubCacheTests : IDisposable
{
    private const string Commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
    private readonly TemporaryFolder _folder = new();
    private readonly HubFixture _hub = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_cache_as_huggingface_hub_writes_it_is_read()
    {
        string repository = WriteAsPython("models--openai-community--gpt2", "config.json", "tokenizer.json", "model.safetensors");
        File.WriteAllText(_folder.PathOf("CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n");
        Directory.CreateDirectory(Path.Combine(repository, "trees"));
        string snapshot = Path.Combine(repository, "snapshots", Commit);
        Assert.Equal(snapshot, Find("openai-community/gpt2"));
        Assert.Equal(snapshot, Find("openai-community/gpt2@" + Commit));
        Assert.Equal(snapshot, Find("gpt2"));
        Assert.Null(Find("openai-community/gpt2@v1"));
        Assert.Null(Find("openai-community/gpt2-medium"));
    }

    [Fact]
    public void A_name_without_an_organisation_is_found_as_Python_files_it()
    {
        string repository = WriteAsPython("models--gpt2", "config.json", "tokenizer.json", "model.safetensors");
        Assert.Equal(Path.Combine(repository, "snapshots", Commit), Find("gpt2"));
        Assert.Null(Find("openai-community/gpt2"));
    }

    [Theory]
    [InlineData("config.json", "model.safetensors")]
    [InlineData("config.json", "tokenizer.json")]
    [InlineData("tokenizer.json", "model.safetensors")]
    public void A_snapshot_that_lacks_a_file_is_not_enough(params string[] files)
    {
        WriteAsPython("models--org--model", files);
        Assert.Null(Find("org/model"));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_no_file()
    {
        string repository = WriteAsPython("models--org--model", "config.json", "tokenizer.json", "model.safetensors");
        File.Delete(Path.Combine(repository, "blobs", Blob("model.safetensors")));
        Assert.Null(Find("org/model"));
    }

    [Fact]
    public void Content_that_is_shared_between_repositories_is_found_through_its_links()
    {
        string repository = WriteAsPython("models--org--model", "config.json", "tokenizer.json", "model.safetensors");
        string blob = Path.Combine(repository, "blobs", Blob("model.safetensors"));
        Directory.CreateDirectory(_folder.PathOf("blobs", "ab"));
        File.Move(blob, _folder.PathOf("blobs", "ab", "abcd"));
        File.CreateSymbolicLink(blob, "../../blobs/ab/abcd");
        Assert.Equal(Path.Combine(repository, "snapshots", Commit), Find("org/model"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../../etc")]
    [InlineData("607A30D783DFA663CAF39E06633721C8D4CFCD7E")]
    public void A_reference_that_names_no_commit_is_passed_over(string content)
    {
        string repository = WriteAsPython("models--org--model", "config.json", "tokenizer.json", "model.safetensors");
        File.WriteAllText(Path.Combine(repository, "refs", "main"), content);
        Assert.Null(Find("org/model"));
    }

    [Fact]
    public void Content_that_Python_downloaded_is_used()
    {
        string blobs = Directory.CreateDirectory(Path.Combine(_hub.Folder, "blobs")).FullName;
        File.WriteAllBytes(Path.Combine(blobs, HubServer.Hash("model.safetensors", _hub.Server.Files["model.safetensors"])), _hub.Server.Files["model.safetensors"]);
        HubFetched fetched = _hub.Fetch();
        Assert.Empty(_hub.Server.CdnRequests);
        Assert.Equal(_hub.Server.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(fetched.Path, "model.safetensors")));
    }

    [Fact]
    public void Content_of_another_size_than_its_file_is_loaded_again()
    {
        _hub.Fetch();
        File.WriteAllBytes(_hub.BlobOf("model.safetensors"), [1, 2, 3]);
        Assert.Equal("model.safetensors", Assert.Single(_hub.Fetch().Files, file => file.IsDownloaded).Path);
        Assert.Equal(_hub.Server.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(_hub.Snapshot, "model.safetensors")));
    }

    [Fact]
    public void Many_fetches_at_once_download_each_file_once()
    {
        // Two small files from the hub, and one from the CDN, which sends it slowly.
        _hub.Server.BeforeCdn = _ =>
        {
            Thread.Sleep(200);
            return null;
        };
        HubFetched[] all = new HubFetched[4];
        Parallel.For(0, all.Length, new ParallelOptions { MaxDegreeOfParallelism = all.Length }, i => all[i] = _hub.Fetcher.Fetch(HubName.Parse("org/model"), HubSelection.Model, cancellation: TestContext.Current.CancellationToken));
        Assert.Single(_hub.Server.CdnRequests);
        Assert.All(all, fetched => Assert.Equal(_hub.Server.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(fetched.Path, "model.safetensors"))));
        Assert.Equal(3, all.Sum(fetched => fetched.Files.Count(file => file.IsDownloaded)));
    }

    [Fact]
    public async Task A_lock_that_Python_holds_is_waited_for()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Python takes another kind of lock on Windows");
        string hash = HubServer.Hash("model.safetensors", _hub.Server.Files["model.safetensors"]);
        string held = Path.Combine(_hub.Cache, ".locks", "models--org--model", hash + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(held)!);
        string ready = _folder.PathOf("ready");
        string done = _folder.PathOf("done");

        // What filelock, which huggingface_hub uses, does on Unix.
        const string script = """
            import fcntl, os, sys, time
            lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            open(sys.argv[2], "w").close()
            end = time.monotonic() + 60
            while not os.path.exists(sys.argv[3]) and time.monotonic() < end:
                time.sleep(0.02)
            """;
        Assert.Equal("", Python.Run("fcntl", string.Empty));
        Task python = Task.Run(() => Python.Run("fcntl", script, held, ready, done), TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(ready) || python.IsCompleted, TimeSpan.FromSeconds(60)));
        Task<HubFetched> fetch = Task.Run(() => _hub.Fetch(), TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => _hub.Messages.Count > 1 || fetch.IsCompleted, TimeSpan.FromSeconds(60)));
        Assert.False(fetch.IsCompleted);
        Assert.Contains("another program is downloading it", _hub.Messages[^1], StringComparison.Ordinal);
        Assert.Empty(_hub.Server.CdnRequests);
        File.WriteAllText(done, string.Empty);
        Assert.True(File.Exists(Path.Combine((await fetch).Path, "model.safetensors")));
        await python;
    }

    [Fact]
    public async Task Python_sees_a_lock_that_is_held_here()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Python takes another kind of lock on Windows");
        string path = _folder.PathOf("locks", "a.lock");
        const string script = """
            import fcntl, os, sys
            lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                print("free")
            except BlockingIOError:
                print("held")
            """;
        using (HubFileLock held = await HubFileLock.AcquireAsync(path, () => { }, TestContext.Current.CancellationToken))
        {
            Assert.Equal("held", Python.Run("fcntl", script, path).Trim());
        }

        Assert.Equal("free", Python.Run("fcntl", script, path).Trim());
    }

    [Fact]
    public void An_autoencoder_in_the_cache_is_known_by_its_path_on_the_hub()
    {
        Assert.Equal("/google/gemma-scope-2b-pt-res/layer_5/params.npz", HubCache.PublishedPath($"/home/me/hub/models--google--gemma-scope-2b-pt-res/snapshots/{Commit}/layer_5/params.npz"));
        Assert.Equal("/gpt2/ae.pt", HubCache.PublishedPath($"/models--gpt2/snapshots/{Commit}/ae.pt"));
        Assert.Equal("/home/me/snapshots/ae.pt", HubCache.PublishedPath("/home/me/snapshots/ae.pt"));

        string fixture = Path.Combine("gemma-scope-2b-pt-res", "layer_5", "width_16k", "average_l0_68", "params.npz");
        string source = Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "SparseAutoencoders", "fixtures", "gemma-scope-residual", fixture);
        string cached = _folder.PathOf("models--google--gemma-scope-2b-pt-res", "snapshots", Commit, "layer_5", "width_16k", "average_l0_68", "params.npz");
        string blob = _folder.PathOf("models--google--gemma-scope-2b-pt-res", "blobs", new string('0', 64));
        Directory.CreateDirectory(Path.GetDirectoryName(cached)!);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        File.Copy(source, blob);
        File.CreateSymbolicLink(cached, Path.GetRelativePath(Path.GetDirectoryName(cached)!, blob));
        using SparseAutoencoder autoencoder = SparseAutoencoderFile.Load(Path.GetDirectoryName(cached)!);
        Assert.Equal("gemma-2-2b/5-gemmascope-res-16k", autoencoder.Provenance.NeuronpediaId);
        Assert.Equal("resid_post.5", autoencoder.Provenance.InputSite?.ToString());
    }

    private string? Find(string name) => new HubFetcher(new HubSettings { Endpoint = new Uri("http://127.0.0.1:9"), CacheFolder = _folder.Root }).Find(HubName.Parse(name), HubSelection.Model);

    private static string Blob(string file) => HubServer.Hash(file, [(byte)file.Length]);

    // The layout of https://huggingface.co/docs/hub/local-cache, by hand.
    private string WriteAsPython(string folder, params string[] files)
    {
        string repository = _folder.PathOf(folder);
        string snapshot = Directory.CreateDirectory(Path.Combine(repository, "snapshots", Commit)).FullName;
        Directory.CreateDirectory(Path.Combine(repository, "blobs"));
        Directory.CreateDirectory(Path.Combine(repository, "refs"));
        File.WriteAllText(Path.Combine(repository, "refs", "main"), Commit);
        foreach (string file in files)
        {
            File.WriteAllBytes(Path.Combine(repository, "blobs", Blob(file)), [(byte)file.Length]);
            File.CreateSymbolicLink(Path.Combine(snapshot, file), "../../blobs/" + Blob(file));
        }

        return repository;
    }
}
