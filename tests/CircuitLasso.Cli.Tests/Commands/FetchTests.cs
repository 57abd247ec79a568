using System.Diagnostics;
using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

/// <summary><c>fetch</c>, and names on the hub where a model or an autoencoder is taken.</summary>
public sealed class FetchTests : IDisposable
{
    private const string Site = "resid_post.2";
    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new();
    private readonly Dictionary<string, string> _variables;

    public FetchTests()
    {
        EmbeddedModel.Extract(_folder.PathOf("model"));
        EmbeddedAutoencoders.Extract(_folder.PathOf("saes"));
        _server.WithFolder(_folder.PathOf("model")).WithFolder(_folder.PathOf("saes", Site), $"saes/{Site}/").With("README.md", "a model");
        _variables = new Dictionary<string, string> { ["HF_ENDPOINT"] = _server.Address, ["HF_HUB_CACHE"] = _folder.PathOf("hub"), ["HF_HOME"] = _folder.PathOf("home") };
    }

    private string Snapshot => _folder.PathOf("hub", "models--org--model", "snapshots", _server.Commit);

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Fetch_tells_the_size_first_and_the_folder_last()
    {
        (int exitCode, string output, string error) = Run("fetch", "org/model");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("org/model: downloading ", error, StringComparison.Ordinal);
        Assert.StartsWith($"{Snapshot}: commit {_server.Commit}, 3 files, ", output, StringComparison.Ordinal);
        Assert.Contains(", 0.0 MB of them downloaded now", Run("fetch", "org/model").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Fetch_prints_one_JSON_object()
    {
        (int exitCode, string output, string error) = Run("fetch", "org/model", "--include", "config.json", "README.md", "saes/*/cfg.json", "--json", "--quiet");
        Assert.Equal(0, exitCode);
        Assert.Empty(error);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(("org/model", "main", _server.Commit, Snapshot), (Text("repository"), Text("revision"), Text("commit"), Text("path")));
        Assert.Equal(
            ["README.md", "config.json", $"saes/{Site}/cfg.json"],
            json.RootElement.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        Assert.All(json.RootElement.GetProperty("files").EnumerateArray(), file => Assert.True(file.GetProperty("downloaded").GetBoolean()));
        Assert.Equal(json.RootElement.GetProperty("files").EnumerateArray().Sum(file => file.GetProperty("bytes").GetInt64()), json.RootElement.GetProperty("downloaded_bytes").GetInt64());

        string? Text(string name) => json.RootElement.GetProperty(name).GetString();
    }

    [Theory]
    [InlineData("is no name of a repository", "fetch", "./model")]
    [InlineData("--include: stands beside a path", "fetch", "org/model/saes", "--include", "*")]
    [InlineData("--revision: stands beside a revision", "fetch", "org/model@v1", "--revision", "v2")]
    [InlineData("has no revision 'v1'", "fetch", "org/model", "--revision", "v1")]
    [InlineData("error: org/other: cannot be read (401)", "fetch", "org/other")]
    [InlineData("error: org/other: is no file or folder here, and cannot be read (401)", "model", "info", "org/other")]
    [InlineData("names 'saes' inside a repository", "model", "info", "hf://org/model/saes")]
    [InlineData("holds no weights of a sparse autoencoder", "sae", "info", "org/model/saes")]
    public void What_cannot_be_had_ends_with_2_and_one_line(string problem, params string[] arguments)
    {
        (int exitCode, string output, string error) = Run(arguments);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(problem, Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.PathOf("hub")));
    }

    [Theory]
    [InlineData("modle")]
    [InlineData("path/to/modle")]
    [InlineData("./modle")]
    public void A_misspelt_folder_is_not_looked_for_on_the_hub(string folder)
    {
        (int exitCode, _, string error) = Run("model", "info", folder);
        Assert.Equal(2, exitCode);
        Assert.Contains("config.json: no such file", error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void A_model_is_downloaded_once_and_found_from_then_on()
    {
        (_, string expected, _) = Run("model", "info", _folder.PathOf("model"));
        Assert.Empty(_server.Requests);
        (int exitCode, string output, string error) = Run("model", "info", "org/model");
        Assert.Equal(0, exitCode);
        Assert.Equal(expected, output);
        Assert.Contains("org/model: downloading ", error, StringComparison.Ordinal);
        int asked = _server.Requests.Count;
        Assert.Equal((0, expected, string.Empty), Run("model", "info", "org/model"));
        Assert.Equal((0, expected, string.Empty), Run("model", "info", "hf://org/model@" + _server.Commit));
        _variables["HF_HUB_OFFLINE"] = "1";
        Assert.Equal((0, expected, string.Empty), Run("model", "info", "org/model"));
        Assert.Equal(asked, _server.Requests.Count);
    }

    [Fact]
    public void Offline_a_model_that_is_not_there_is_refused_with_what_to_run()
    {
        _variables["HF_HUB_OFFLINE"] = "1";
        (int exitCode, _, string error) = Run("model", "info", "org/model");
        Assert.Equal(2, exitCode);
        Assert.Contains("HF_HUB_OFFLINE", error, StringComparison.Ordinal);
        Assert.Contains("run 'circuitlasso fetch org/model'", error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public void Activations_and_features_are_those_of_the_same_files_in_folders()
    {
        File.WriteAllText(_folder.PathOf("text.txt"), "the boy sings .\nthe kings sing .\nthe girl smiles .\n");
        string[] Collect(string model, string sae, string store) => ["collect", "--model", model, "--sae", sae, "--text", _folder.PathOf("text.txt"), "--sites", "resid_post.1", "--out", _folder.PathOf(store)];
        Assert.Equal(0, Run(Collect(_folder.PathOf("model"), $"{Site}={_folder.PathOf("saes", Site)}", "local")).ExitCode);
        Assert.Empty(_server.Requests);
        Assert.Equal(0, Run(Collect("org/model", $"{Site}=hf://org/model/saes/{Site}", "marked")).ExitCode);
        Assert.Equal(0, Run(Collect("org/model", $"org/model/saes/{Site}", "named")).ExitCode);
        string[] shards = [.. Directory.GetFiles(_folder.PathOf("local"), "*.safetensors", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder.PathOf("local"), path))];
        Assert.NotEmpty(shards);
        foreach (string store in new[] { "marked", "named" })
        {
            Assert.All(shards, shard => Assert.Equal(File.ReadAllBytes(Path.Combine(_folder.PathOf("local"), shard)), File.ReadAllBytes(Path.Combine(_folder.PathOf(store), shard))));
        }

        Assert.False(File.Exists(Path.Combine(Snapshot, "README.md")));
    }

    [Fact]
    public void An_autoencoder_is_told_of_by_its_name()
    {
        (int exitCode, string output, _) = Run("sae", "info", $"hf://org/model/saes/{Site}");
        Assert.Equal(0, exitCode);
        Assert.Equal(Run("sae", "info", _folder.PathOf("saes", Site)).Output, output);
        Assert.Equal(["saes"], Directory.GetFileSystemEntries(Snapshot).Select(Path.GetFileName));
    }

    [Fact]
    public void An_interrupted_fetch_ends_with_130_and_the_same_command_goes_on()
    {
        using CancellationTokenSource interrupt = new();
        _server.BeforeCdn = _ =>
        {
            interrupt.Cancel();
            return new LoopbackReply(200, []) { IsSilent = true };
        };
        (int exitCode, string output, string error) = CommandLine.Run(_variables, interrupt.Token, "fetch", "org/model");
        Assert.Equal(130, exitCode);
        Assert.Empty(output);
        Assert.Contains("the same command goes on from there", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Snapshot));
        _server.BeforeCdn = null;
        Assert.Equal(0, Run("fetch", "org/model").ExitCode);
    }

    [Fact]
    public async Task Two_processes_that_fetch_the_same_at_once_leave_one_right_cache()
    {
        _server.BeforeCdn = _ =>
        {
            Thread.Sleep(300);
            return null;
        };
        Task<(int ExitCode, string Text)>[] processes = [StartAsync(), StartAsync()];
        (int ExitCode, string Text)[] ended = await Task.WhenAll(processes);
        Assert.All(ended, process => Assert.True(process.ExitCode == 0, process.Text));
        foreach (string file in new[] { "config.json", "tokenizer.json", "model.safetensors" })
        {
            Assert.Equal(_server.Files[file], File.ReadAllBytes(Path.Combine(Snapshot, file)));
        }

        Assert.Equal(3, Directory.GetFiles(Path.Combine(_folder.PathOf("hub", "models--org--model"), "blobs")).Length);
        Assert.Single(_server.CdnRequests);

        async Task<(int ExitCode, string Text)> StartAsync()
        {
            ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in new[] { typeof(FetchCommand).Assembly.Location, "fetch", "org/model" })
            {
                start.ArgumentList.Add(argument);
            }

            foreach ((string name, string value) in _variables)
            {
                start.Environment[name] = value;
            }

            start.Environment.Remove("HF_HUB_OFFLINE");
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await error);
        }
    }

    private (int ExitCode, string Output, string Error) Run(params string[] arguments) => CommandLine.Run(_variables, TestContext.Current.CancellationToken, arguments);
}
