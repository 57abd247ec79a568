using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Every way in which a download goes wrong ends in one line that names the file and the remedy, and leaves nothing in the cache that is not right.</summary>
public sealed class HubBrokenDownloadTests : IDisposable
{
    private const string Weights = "model.safetensors";
    private readonly HubFixture _hub = new();

    public void Dispose() => _hub.Dispose();

    [Fact]
    public void A_broken_connection_is_taken_up_where_it_broke()
    {
        int cuts = 0;
        _hub.Server.BeforeCdn = request => Interlocked.Increment(ref cuts) <= 2 ? Rest(request) with { CutAfter = 100_000 } : null;
        HubFetched fetched = _hub.Fetch();
        Assert.Equal([0, 100_000, 200_000], _hub.Server.CdnRequests.Select(request => request.From));
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(fetched.Path, Weights)));
        Assert.Equal(2, _hub.Messages.Count(message => message.Contains("trying again in 0 s", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_same_call_goes_on_where_the_last_one_gave_up()
    {
        _hub.Attempts = 1;
        _hub.Server.BeforeCdn = request => Rest(request) with { CutAfter = 120_000 };
        AssertBroken(Weights, "after 120000 of 300000 bytes", Weights);
        Assert.Equal(_hub.Server.Files[Weights][..120_000], File.ReadAllBytes(_hub.BlobOf(Weights) + ".incomplete"));
        _hub.Server.BeforeCdn = null;
        _hub.Messages.Clear();
        HubFetched fetched = _hub.Fetch();
        Assert.Equal(120_000, _hub.Server.CdnRequests[^1].From);
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(fetched.Path, Weights)));
        Assert.Contains("downloading 0.2 MB (2 files)", Assert.Single(_hub.Messages), StringComparison.Ordinal);
        Assert.False(File.Exists(_hub.BlobOf(Weights) + ".incomplete"));
    }

    [Fact]
    public void A_connection_that_ends_early_without_a_length_is_noticed()
    {
        _hub.Attempts = 1;
        _hub.Server.BeforeCdn = request => new LoopbackReply(200, _hub.Server.Files[Weights][..1000]) { ClaimedLength = -1 };
        AssertBroken(Weights, "after 1000 of 300000 bytes", Weights);
    }

    [Fact]
    public void A_server_that_ignores_ranges_starts_over()
    {
        LeaveIncomplete(_hub.Server.Files[Weights][..50_000]);
        _hub.Server.BeforeCdn = _ => new LoopbackReply(200, _hub.Server.Files[Weights]);
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
        Assert.Equal(50_000, Assert.Single(_hub.Server.CdnRequests).From);
    }

    [Theory]
    [InlineData("bytes 0-299999/300000")]
    [InlineData("bytes 50000-299999/400000")]
    [InlineData("bytes 50000-60000/300000")]
    public void A_range_other_than_the_one_asked_for_starts_over(string range)
    {
        LeaveIncomplete(_hub.Server.Files[Weights][..50_000]);
        _hub.Server.BeforeCdn = request => request.From == 0 ? null : new LoopbackReply(206, _hub.Server.Files[Weights][50_000..]) { Headers = new Dictionary<string, string> { ["Content-Range"] = range } };
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
        Assert.Equal([50_000, 0], _hub.Server.CdnRequests.Select(request => request.From));
    }

    [Fact]
    public void A_beginning_that_is_not_the_files_own_starts_over()
    {
        LeaveIncomplete(new byte[50_000]);
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
        Assert.Equal([50_000, 0], _hub.Server.CdnRequests.Select(request => request.From));
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(300_001)]
    public void A_beginning_as_long_as_the_file_or_longer_that_is_wrong_starts_over(int length)
    {
        LeaveIncomplete(new byte[length]);
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
    }

    [Fact]
    public void A_whole_file_that_only_lacks_its_name_is_not_downloaded()
    {
        LeaveIncomplete(_hub.Server.Files[Weights]);
        _hub.Fetch();
        Assert.Empty(_hub.Server.CdnRequests);
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(_hub.BlobOf(Weights)));
    }

    [Fact]
    public void Wrong_content_of_the_right_length_is_refused()
    {
        _hub.Server.BeforeCdn = _ => new LoopbackReply(200, new byte[300_000]);
        AssertBroken(Weights, "other content than its hash says");
    }

    [Fact]
    public void Wrong_content_of_a_small_file_is_refused()
    {
        _hub.Server.Before = request => request.Target.EndsWith("config.json", StringComparison.Ordinal) ? new LoopbackReply(200, new byte[_hub.Server.Files["config.json"].Length]) : null;
        AssertBroken("config.json", "other content than its hash says");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(300_001)]
    public void A_length_that_is_not_the_lists_is_refused(int length)
    {
        _hub.Server.BeforeCdn = _ => new LoopbackReply(200, new byte[length]);
        AssertBroken(Weights, $"comes with {length} bytes, where the hub's list leaves 300000");
    }

    [Fact]
    public void A_size_that_the_hub_takes_back_is_refused()
    {
        _hub.Server.Before = request => request.Target.EndsWith(Weights, StringComparison.Ordinal) && request.Method == "GET"
            ? new LoopbackReply(302, []) { Headers = new Dictionary<string, string> { ["Location"] = $"/org/model/resolve/{_hub.Server.Commit}/config.json", ["X-Linked-Size"] = "7" } }
            : null;
        AssertBroken(Weights, "is said to have 7 bytes, where the hub's list says 300000");
    }

    [Fact]
    public void An_endless_body_is_cut_off_at_the_size_of_the_list()
    {
        _hub.Server.BeforeCdn = _ => new LoopbackReply(200, new byte[65_536]) { IsEndless = true };
        AssertBroken(Weights, "does not end after the 300000 bytes");
    }

    [Fact]
    public void An_endless_list_is_cut_off()
    {
        _hub.Server.Before = _ => new LoopbackReply(200, new byte[1 << 20]) { IsEndless = true };
        AssertBroken("org/model", "the hub's list of its files does not end");
    }

    [Fact]
    public void A_permission_of_the_CDN_that_has_run_out_is_asked_for_again()
    {
        int asked = 0;
        _hub.Server.BeforeCdn = _ => Interlocked.Increment(ref asked) == 1 ? new LoopbackReply(403, []) : null;
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
        Assert.Contains("the server that the hub sends on to answered 403", _hub.Messages[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_server_is_given_up()
    {
        _hub.Timeout = TimeSpan.FromMilliseconds(200);
        _hub.Attempts = 2;
        _hub.Server.Before = _ => new LoopbackReply(200, []) { IsSilent = true };
        AssertBroken("org/model", "the server said nothing for 0.2 s (tried 2 times)");
        Assert.Equal(2, _hub.Server.Requests.Count);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public void A_server_that_fails_is_asked_again_so_often_and_no_more(int status)
    {
        _hub.Server.Before = _ => new LoopbackReply(status, []);
        AssertBroken("org/model", $"the server answered {status} (tried 3 times)");
        Assert.Equal(3, _hub.Server.Requests.Count);
    }

    [Fact]
    public void A_server_that_recovers_is_forgiven()
    {
        int asked = 0;
        _hub.Server.Before = _ => Interlocked.Increment(ref asked) is 1 or 2 ? new LoopbackReply(502, []) : null;
        Assert.Equal(3, _hub.Fetch().Files.Count);
    }

    [Fact]
    public void A_server_that_asks_for_a_pause_gets_it()
    {
        int asked = 0;
        _hub.Server.Before = _ => Interlocked.Increment(ref asked) == 1 ? Busy("0") : null;
        _hub.Fetch();
        Assert.Contains("too many requests from here (429); trying again in 0 s", _hub.Messages[0], StringComparison.Ordinal);
        _hub.Server.Before = _ => Busy("3600");
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch());
        Assert.Contains("asks to be left alone for 3600 s", exception.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", exception.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "GatedRepo", "is gated: only accounts that accepted its licence", "HF_TOKEN")]
    [InlineData(403, "GatedRepo", "is gated: only accounts that accepted its licence", "accept the licence at http://127.0.0.1")]
    [InlineData(401, "RepoNotFound", "no such repository, or it is private or gated", "HF_TOKEN")]
    [InlineData(401, null, "no such repository, or it is private or gated", "accept the licence")]
    [InlineData(403, null, "no such repository, or it is private or gated", "HF_TOKEN")]
    [InlineData(404, "RevisionNotFound", "has no revision 'main'", "/org/model/commits/main")]
    [InlineData(404, null, "is not on the hub", "check the name")]
    [InlineData(418, null, "the server answered 418", "HF_ENDPOINT")]
    public void A_refusal_says_what_to_do(int status, string? code, string problem, string remedy)
    {
        _hub.Server.Before = _ => new LoopbackReply(status, Encoding.ASCII.GetBytes("no")) { Headers = code is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["X-Error-Code"] = code } };
        Assert.Contains(remedy, AssertBroken("org/model", problem).Remedy, StringComparison.Ordinal);
        Assert.Single(_hub.Server.Requests);
    }

    [Fact]
    public void A_token_that_does_not_open_the_repository_is_not_shown()
    {
        using HubFixture hub = new(new HubServer { Token = "right" }) { Token = "wrong-token" };
        InputException exception = Assert.Throws<InputException>(() => hub.Fetch());
        Assert.Contains("the account of the token has not been let in", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-token", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_gone_is_named()
    {
        _hub.Server.Before = request => request.Target.EndsWith("config.json", StringComparison.Ordinal)
            ? new LoopbackReply(404, []) { Headers = new Dictionary<string, string> { ["X-Error-Code"] = "EntryNotFound" } }
            : null;
        AssertBroken("config.json", "org/model/config.json: is not in the repository");
    }

    [Fact]
    public void Redirections_end()
    {
        _hub.Server.Before = request => new LoopbackReply(302, []) { Headers = new Dictionary<string, string> { ["Location"] = request.Target } };
        AssertBroken(_hub.Server.Address, "more than 10 times");
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    public void A_redirection_away_from_the_web_is_not_followed(string location)
    {
        _hub.Server.Before = _ => new LoopbackReply(302, []) { Headers = new Dictionary<string, string> { ["Location"] = location } };
        AssertBroken(_hub.Server.Address, "not safe to follow");
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"sha": 1, "siblings": []}""")]
    [InlineData("""{"sha": "../../x", "siblings": []}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": 3}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": [{"size": 1}]}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": [{"rfilename": "config.json", "size": -1, "blobId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": [{"rfilename": "config.json", "size": 1e99, "blobId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": [{"rfilename": "config.json", "size": 1, "blobId": "../../../x"}]}""")]
    [InlineData("""{"sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "siblings": [{"rfilename": "a", "size": 1}, {"rfilename": "a", "size": 1}]}""")]
    public void A_list_that_is_none_is_refused(string json)
    {
        _hub.Server.Before = _ => new LoopbackReply(200, Encoding.UTF8.GetBytes(json));
        AssertBroken("org/model", "the hub's list of its files cannot be used");
    }

    [Fact]
    public void Damaged_lists_are_refused_or_read_and_never_break_the_program()
    {
        byte[] valid = _hub.Server.Listing();
        Random random = new(20);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            try
            {
                HubListing listing = HubListing.Parse("org/model", Mutation.Apply(valid, random));
                Assert.All(listing.Files.Values, file => Assert.True(file is { Size: null or >= 0, Hash: null or { Length: 40 or 64 } }));
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 2999);
    }

    [Theory]
    [InlineData("../../../evil")]
    [InlineData("/etc/evil")]
    [InlineData("C:/evil")]
    [InlineData("..\\evil")]
    [InlineData("a/../../evil")]
    [InlineData("a//evil")]
    [InlineData("aux.evil")]
    [InlineData("evil.")]
    public void A_path_that_leads_out_of_the_folder_is_refused(string path)
    {
        _hub.Server.With(path, "x");
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch(selection: HubSelection.Matching(["*evil*"])));
        Assert.Contains(path, exception.Subject, StringComparison.Ordinal);
        Assert.Empty(_hub.Contents());
        Assert.Single(_hub.Server.Requests);
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": "../evil.safetensors"}}""", "not a plain file name")]
    [InlineData("""{"weight_map": {"a": "absent.safetensors"}}""", "'absent.safetensors'")]
    [InlineData("""{"weight_map": """, "not valid JSON")]
    public void An_index_that_cannot_be_right_is_refused(string index, string problem)
    {
        using HubServer server = new();
        server.With("config.json", "{}").With("model.safetensors.index.json", index).With("../evil.safetensors", "x");
        using TemporaryFolder cache = new();
        HubFetcher fetcher = new(new HubSettings { Endpoint = new Uri(server.Address), CacheFolder = cache.PathOf("hub") });
        InputException exception = Assert.Throws<InputException>(() => fetcher.Fetch(HubName.Parse("org/model"), HubSelection.Model, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cache.PathOf("hub", "models--org--model", "snapshots")));
        Assert.Equal(["hub"], Directory.GetFileSystemEntries(cache.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void A_repository_without_safetensors_or_without_a_model_is_refused()
    {
        using HubServer server = new();
        server.With("config.json", "{}").With("pytorch_model.bin", "x");
        using TemporaryFolder cache = new();
        HubFetcher fetcher = new(new HubSettings { Endpoint = new Uri(server.Address), CacheFolder = cache.Root });
        InputException Refused(HubSelection selection) =>
            Assert.Throws<InputException>(() => fetcher.Fetch(HubName.Parse("org/model"), selection, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("no weights as safetensors, only in another format (.bin)", Refused(HubSelection.Model).Message, StringComparison.Ordinal);
        Assert.Contains("no weights of a sparse autoencoder", Refused(HubSelection.Autoencoder).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(cache.Root));
    }

    [Fact]
    public void A_cache_that_is_a_file_is_named()
    {
        File.WriteAllText(_hub.Cache, "no folder");
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch());
        Assert.Contains(_hub.Cache, exception.Subject, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_CACHE", exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interruption_keeps_what_has_come()
    {
        using CancellationTokenSource interrupt = new();
        _hub.Server.BeforeCdn = request =>
        {
            LoopbackReply reply = Rest(request);
            return request.From == 0 ? reply with { ClaimedLength = 300_000, Body = reply.Body[..100_000], CutAfter = 100_000 } : Cancel();
        };
        Assert.ThrowsAny<OperationCanceledException>(() => _hub.Fetch(cancellation: interrupt.Token));
        Assert.Equal(100_000, new FileInfo(_hub.BlobOf(Weights) + ".incomplete").Length);
        Assert.False(Directory.Exists(_hub.Snapshot));
        _hub.Server.BeforeCdn = null;
        Assert.Equal(_hub.Server.Files[Weights], File.ReadAllBytes(Path.Combine(_hub.Fetch().Path, Weights)));
        Assert.Equal(100_000, _hub.Server.CdnRequests[^1].From);

        LoopbackReply Cancel()
        {
            interrupt.Cancel();
            return new LoopbackReply(200, []) { IsSilent = true };
        }
    }

    private static LoopbackReply Busy(string seconds) => new(429, []) { Headers = new Dictionary<string, string> { ["Retry-After"] = seconds } };

    private LoopbackReply Rest(LoopbackRequest request)
    {
        byte[] content = _hub.Server.Files[Weights];
        return request.From == 0 ? new LoopbackReply(200, content) : new LoopbackReply(206, content[request.From..])
        {
            Headers = new Dictionary<string, string> { ["Content-Range"] = $"bytes {request.From}-{content.Length - 1}/{content.Length}" },
        };
    }

    private void LeaveIncomplete(byte[] content)
    {
        string path = _hub.BlobOf(Weights) + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    // No snapshot, no reference, and of the file itself at most the beginning.
    private InputException AssertBroken(string subject, string problem, string? resumable = null)
    {
        InputException exception = Assert.Throws<InputException>(() => _hub.Fetch());
        Assert.Contains(subject, exception.Subject, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.Equal(
            resumable is null ? [] : [Path.GetRelativePath(_hub.Cache, _hub.BlobOf(resumable)) + ".incomplete"],
            _hub.Contents().Where(path => !(new[] { "config.json", "tokenizer.json" }.Any(file => path.EndsWith(HubServer.Hash(file, _hub.Server.Files[file]), StringComparison.Ordinal)))));
        return exception;
    }
}
