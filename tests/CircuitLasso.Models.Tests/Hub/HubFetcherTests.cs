using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>What is downloaded, and where it lies.</summary>
public sealed class HubFetcherTests : IDisposable
{
    private readonly HubFixture _hub = new();

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void A_model_lies_as_huggingface_hub_lays_it_out()
    {
        HubFetched fetched = _hub.Fetch();

        string config = HubServer.GitHash(_hub.Server.Files["config.json"]);
        string tokenizer = HubServer.GitHash(_hub.Server.Files["tokenizer.json"]);
        string weights = HubServer.Hash("model.safetensors", _hub.Server.Files["model.safetensors"]);
        string commit = _hub.Server.Commit;
        Assert.Equal(
            new[]
            {
                $"blobs/{config}", $"blobs/{tokenizer}", $"blobs/{weights}", "refs/main",
                $"snapshots/{commit}/config.json -> ../../blobs/{config}",
                $"snapshots/{commit}/model.safetensors -> ../../blobs/{weights}",
                $"snapshots/{commit}/tokenizer.json -> ../../blobs/{tokenizer}",
            }.Order(StringComparer.Ordinal),
            _hub.Contents(_hub.Folder));
        Assert.Equal(commit, File.ReadAllText(Path.Combine(_hub.Folder, "refs", "main")));
        Assert.Equal(_hub.Snapshot, fetched.Path);
        Assert.Equal(commit, fetched.Commit);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], fetched.Files.Select(file => file.Path));
        Assert.All(fetched.Files, file => Assert.True(file.IsDownloaded));
        Assert.All(fetched.Files, file => Assert.Equal(_hub.Server.Files[file.Path], File.ReadAllBytes(Path.Combine(fetched.Path, file.Path))));
        Assert.Contains("downloading 0.3 MB (3 files)", Assert.Single(_hub.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Hashes_are_those_of_Git_and_of_SHA256()
    {
        // git hash-object of "hello\n", and sha256sum of it.
        Assert.Equal("ce013625030ba8dba906f756967f9e9ca394464a", HubServer.GitHash("hello\n"u8.ToArray()));
        Assert.Equal("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", HubServer.Hash("a.pt", "hello\n"u8.ToArray()));
        _hub.Server.With("hello.txt", "hello\n");
        _hub.Fetch(selection: HubSelection.Matching(["hello.txt"]));
        Assert.Equal("hello\n", File.ReadAllText(Path.Combine(_hub.Folder, "blobs", "ce013625030ba8dba906f756967f9e9ca394464a")));
    }

    [Fact]
    public void Fetching_again_asks_for_the_list_alone()
    {
        _hub.Fetch();
        int before = _hub.Server.Requests.Count + _hub.Server.CdnRequests.Count;
        HubFetched again = _hub.Fetch();
        Assert.Equal(before + 1, _hub.Server.Requests.Count + _hub.Server.CdnRequests.Count);
        Assert.All(again.Files, file => Assert.False(file.IsDownloaded));
        Assert.Equal(0, again.DownloadedBytes);
    }

    [Fact]
    public void What_is_there_is_found_without_the_hub()
    {
        Assert.Null(_hub.Fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
        _hub.Fetch();
        int before = _hub.Server.Requests.Count;
        Assert.Equal(_hub.Snapshot, _hub.Fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
        Assert.Equal(_hub.Snapshot, _hub.Fetcher.Find(HubName.Parse("org/model@" + _hub.Server.Commit), HubSelection.Model));
        _hub.IsOffline = true;
        Assert.Equal(_hub.Snapshot, _hub.Fetch().Path);
        Assert.Equal(before, _hub.Server.Requests.Count);
    }

    [Fact]
    public void Offline_what_is_not_there_is_refused_without_a_request()
    {
        _hub.IsOffline = true;
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch());
        Assert.Contains("HF_HUB_OFFLINE", exception.Message, StringComparison.Ordinal);
        Assert.Contains("circuitlasso fetch org/model", exception.Remedy, StringComparison.Ordinal);
        Assert.Empty(_hub.Server.Requests);
        Assert.Empty(_hub.Contents());
    }

    [Fact]
    public void A_new_commit_downloads_what_changed_and_keeps_the_old_snapshot()
    {
        _hub.Fetch();
        string old = _hub.Snapshot;
        _hub.Server.Commit = new string('b', 40);
        _hub.Server.With("config.json", "{\"model_type\": \"llama\"}");
        HubFetched fetched = _hub.Fetch();
        Assert.Equal("config.json", Assert.Single(fetched.Files, file => file.IsDownloaded).Path);
        Assert.Equal(_hub.Server.Commit, File.ReadAllText(Path.Combine(_hub.Folder, "refs", "main")));
        Assert.Equal("{\"model_type\": \"gpt2\"}", File.ReadAllText(Path.Combine(old, "config.json")));
        Assert.Equal("{\"model_type\": \"llama\"}", File.ReadAllText(Path.Combine(fetched.Path, "config.json")));
    }

    [Fact]
    public void A_revision_has_a_reference_of_its_own_and_a_commit_has_none()
    {
        _hub.Fetch("org/model@refs/pr/1");
        Assert.Equal(_hub.Server.Commit, File.ReadAllText(Path.Combine(_hub.Folder, "refs", "refs", "pr", "1")));
        Assert.Contains("/api/models/org/model/revision/refs%2Fpr%2F1?blobs=true", _hub.Server.Requests.Select(request => request.Target));
        _hub.Fetch("org/model@" + _hub.Server.Commit);
        Assert.Single(Directory.GetFiles(Path.Combine(_hub.Folder, "refs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Shards_are_those_that_the_index_names()
    {
        using HubServer server = new();
        server.With("config.json", "{}").With("tokenizer.json", "{}")
            .With("model.safetensors.index.json", """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""")
            .With("model-00001-of-00002.safetensors", HubFixture.Bytes(100, 5)).With("model-00002-of-00002.safetensors", HubFixture.Bytes(100, 6))
            .With("consolidated.safetensors", HubFixture.Bytes(100, 7));
        using TemporaryFolder cache = new();
        HubFetcher fetcher = new(new HubSettings { Endpoint = new Uri(server.Address), CacheFolder = cache.Root });
        HubFetched fetched = fetcher.Fetch(HubName.Parse("org/model"), HubSelection.Model, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json"], fetched.Files.Select(file => file.Path));
        Assert.Equal(fetched.Path, fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
        File.Delete(Path.Combine(fetched.Path, "model-00002-of-00002.safetensors"));
        Assert.Null(fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
    }

    [Fact]
    public void A_tokenizer_that_the_repository_lacks_is_remembered()
    {
        using HubServer server = new();
        server.With("config.json", "{}").With("vocab.json", "{}").With("model.safetensors", HubFixture.Bytes(100, 8));
        using TemporaryFolder cache = new();
        HubFetcher fetcher = new(new HubSettings { Endpoint = new Uri(server.Address), CacheFolder = cache.Root });
        HubFetched fetched = fetcher.Fetch(HubName.Parse("org/model"), HubSelection.Model, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(0, new FileInfo(Path.Combine(cache.Root, "models--org--model", ".no_exist", server.Commit, "tokenizer.json")).Length);
        Assert.Equal(fetched.Path, fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
    }

    [Theory]
    [InlineData("*.md", "README.md")]
    [InlineData("onnx/", "onnx/model.onnx")]
    [InlineData("*mod?l.onnx", "onnx/model.onnx")]
    public void Patterns_choose_files(string pattern, string file) =>
        Assert.Equal([file], _hub.Fetch(selection: HubSelection.Matching([pattern])).Files.Select(fetched => fetched.Path));

    [Fact]
    public void A_pattern_that_matches_nothing_is_refused() =>
        Assert.Contains("'*.gguf'", Assert.Throws<InputException>(() => _hub.Fetch(selection: HubSelection.Matching(["*.md", "*.gguf"]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Nested_files_are_linked_from_their_own_depth()
    {
        _hub.Fetch(selection: HubSelection.Matching(["onnx/"]));
        Assert.Equal("../../../blobs/" + HubServer.GitHash(_hub.Server.Files["onnx/model.onnx"]), new FileInfo(Path.Combine(_hub.Snapshot, "onnx", "model.onnx")).LinkTarget);
    }

    [Fact]
    public void Without_links_snapshots_hold_the_files()
    {
        _hub.UsesLinks = false;
        _hub.Server.With("copy.json", _hub.Server.Files["config.json"]);
        HubFetched fetched = _hub.Fetch(selection: HubSelection.Matching(["*.json", "model.safetensors"]));
        Assert.All(fetched.Files, file => Assert.Null(new FileInfo(Path.Combine(fetched.Path, file.Path)).LinkTarget));
        Assert.All(fetched.Files, file => Assert.Equal(_hub.Server.Files[file.Path], File.ReadAllBytes(Path.Combine(fetched.Path, file.Path))));
        Assert.False(File.Exists(_hub.BlobOf("model.safetensors")));
        Assert.Equal(0, _hub.Fetch(selection: HubSelection.Matching(["*.json", "model.safetensors"])).DownloadedBytes);
        Assert.Equal(fetched.Path, _hub.Fetcher.Find(HubName.Parse("org/model"), HubSelection.Model));
    }

    [Fact]
    public void Sizes_and_hashes_that_the_list_leaves_out_are_asked_for()
    {
        using HubFixture hub = new(new HubServer { Describes = false });
        HubFetched fetched = hub.Fetch();
        Assert.All(fetched.Files, file => Assert.Equal(hub.Server.Files[file.Path], File.ReadAllBytes(Path.Combine(fetched.Path, file.Path))));
        Assert.Equal(3, hub.Server.Requests.Count(request => request.Method == "HEAD"));
        Assert.DoesNotContain(hub.Server.CdnRequests, request => request.Method == "HEAD");
        Assert.True(File.Exists(hub.BlobOf("model.safetensors")));
    }

    [Fact]
    public void A_token_is_shown_to_the_hub_and_not_to_the_CDN()
    {
        using HubFixture hub = new(new HubServer { Token = "secret" }) { Token = "secret" };
        hub.Fetch();
        Assert.NotEmpty(hub.Server.CdnRequests);
        Assert.All(hub.Server.Requests, request => Assert.Equal("Bearer secret", request.Headers["Authorization"]));
        Assert.All(hub.Server.CdnRequests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public void A_renamed_repository_lies_under_the_name_that_was_asked_for()
    {
        using HubFixture hub = new(new HubServer("openai-community/gpt2") { OldName = "gpt2" });
        HubFetched fetched = hub.Fetch("gpt2");
        Assert.Equal(Path.Combine(hub.Cache, "models--gpt2", "snapshots", hub.Server.Commit), fetched.Path);
        Assert.Equal(fetched.Path, hub.Fetcher.Find(HubName.Parse("gpt2"), HubSelection.Model));
    }

    [Fact]
    public void A_renamed_repository_that_lies_under_its_name_of_today_is_not_loaded_again()
    {
        using HubFixture hub = new(new HubServer("openai-community/gpt2") { OldName = "gpt2" });
        HubFetched fetched = hub.Fetch();
        Assert.Equal(fetched.Path, hub.Fetcher.Find(HubName.Parse("gpt2"), HubSelection.Model));
        HubFetched again = hub.Fetch("gpt2");
        Assert.Equal(fetched.Path, again.Path);
        Assert.Equal(0, again.DownloadedBytes);
    }

    [Fact]
    public void A_full_disk_is_told_before_anything_is_downloaded()
    {
        _hub.FreeBytes = 1000;
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch());
        Assert.Contains("0.0 MB free, and 0.3 MB are needed", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Contents());
        Assert.Single(_hub.Server.Requests);
    }

    [Fact]
    public void Progress_counts_bytes_up_to_all_of_them()
    {
        List<WorkProgress> reports = [];
        _hub.Fetcher.Fetch(HubName.Parse("org/model"), HubSelection.Model, new Recorder(reports), message: null, TestContext.Current.CancellationToken);
        long total = new[] { "config.json", "tokenizer.json", "model.safetensors" }.Sum(file => (long)_hub.Server.Files[file].Length);
        Assert.Equal(["checking", "downloading"], reports.Select(report => report.Stage).Distinct().Order());
        Assert.Contains(new WorkProgress("checking", 300_000, 300_000, "bytes"), reports);
        reports.RemoveAll(report => report.Stage == "checking");
        Assert.All(reports, report => Assert.Equal((total, "bytes"), (report.Total, report.Unit)));
        Assert.Equal(reports.Select(report => report.Done).Order(), reports.Select(report => report.Done));
        Assert.Equal(total, reports[^1].Done);
    }

    [Fact]
    public void Gemma_scope_and_saelens_folders_bring_what_they_need_and_nothing_else()
    {
        _hub.Server.With("layer_5/width_16k/average_l0_68/params.npz", HubFixture.Bytes(100, 9)).With("layer_5/width_16k/average_l0_39/params.npz", HubFixture.Bytes(100, 10))
            .With("blocks.5.hook_resid_pre/cfg.json", "{}").With("blocks.5.hook_resid_pre/sae_weights.safetensors", HubFixture.Bytes(100, 11))
            .With("blocks.5.hook_resid_pre/sparsity.safetensors", HubFixture.Bytes(10, 12)).With("blocks.5.hook_resid_pre/activations.npy", HubFixture.Bytes(10, 13))
            .With("layer_3.safetensors", HubFixture.Bytes(10, 14));
        HubFetched gemma = _hub.Fetch("org/model/layer_5/width_16k/average_l0_68", HubSelection.Autoencoder);
        Assert.Equal(["layer_5/width_16k/average_l0_68/params.npz"], gemma.Files.Select(file => file.Path));
        Assert.Equal(Path.Combine(_hub.Snapshot, "layer_5", "width_16k", "average_l0_68"), gemma.Path);
        HubFetched lens = _hub.Fetch("hf://org/model/blocks.5.hook_resid_pre", HubSelection.Autoencoder);
        Assert.Equal(["cfg.json", "sae_weights.safetensors", "sparsity.safetensors"], lens.Files.Select(file => file.Path["blocks.5.hook_resid_pre/".Length..]));
        HubFetched file = _hub.Fetch("org/model/layer_3.safetensors", HubSelection.Autoencoder);
        Assert.Equal(["config.json", "layer_3.safetensors"], file.Files.Select(entry => entry.Path));
        Assert.Equal(Path.Combine(_hub.Snapshot, "layer_3.safetensors"), file.Path);
        foreach (HubFetched fetched in new[] { gemma, lens, file })
        {
            Assert.Equal(fetched.Path, _hub.Fetcher.Find(fetched.Name, HubSelection.Autoencoder));
        }

        Assert.Null(_hub.Fetcher.Find(HubName.Parse("org/model/layer_5/width_16k/average_l0_39"), HubSelection.Autoencoder));
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch("org/model/layer_5", HubSelection.Autoencoder));
        Assert.Contains("name one of the 2 folders that do, such as org/model/layer_5/width_16k/average_l0_39", exception.Message, StringComparison.Ordinal);
    }

    private sealed class Recorder(List<WorkProgress> reports) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            lock (reports)
            {
                reports.Add(value);
            }
        }
    }
}
