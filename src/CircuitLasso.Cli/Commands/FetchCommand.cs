using System.CommandLine;
using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>fetch</c>.</summary>
internal sealed class FetchCommand : ToolCommand
{
    private readonly Argument<string> _repository = new("REPO")
    {
        Description = "A repository on the hub as ORG/NAME, or an autoencoder in one as ORG/NAME/PATH; @REVISION may follow.",
    };

    private readonly Option<string?> _revision = new("--revision") { Description = $"A branch, a tag or a commit [default: {HubName.DefaultRevision}].", HelpName = "R" };

    private readonly Option<string[]> _include = new("--include")
    {
        Description = "Files by their paths in the repository, where * stands for any characters and ? for one, and FOLDER/ for all in it [default: what a model needs: "
            + "config.json, the tokenizer's files, and the weights as safetensors].",
        HelpName = "GLOB",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    internal FetchCommand()
        : base(
            "fetch",
            "Download a model or an autoencoder from the Hugging Face hub into the cache that Python's huggingface_hub uses, and check every file by its hash.\n\n"
            + "Commands download what they need by themselves; fetch does so beforehand, brings a branch to its newest commit, and takes any files. A broken download goes on with "
            + "the same command. Heeded are HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.")
    {
        Add(_repository);
        Add(_revision);
        Add(_include);
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        HubName name = HubName.Parse(options.GetRequiredValue(_repository));
        if (options.GetValue(_revision) is { } revision)
        {
            name = name.Revision is HubName.DefaultRevision ? name.At(revision) : throw new InputException("--revision", "stands beside a revision in the name", "give one of them");
        }

        string[] patterns = options.GetValue(_include)!;
        if (patterns.Length > 0 && name.Path.Length > 0)
        {
            throw new InputException("--include", "stands beside a path in the repository", "give the repository alone, or leave --include out");
        }

        HubSelection selection = patterns.Length > 0 ? HubSelection.Matching(patterns) : name.Path.Length > 0 ? HubSelection.Autoencoder : HubSelection.Model;
        HubFetched fetched = HubArguments.Fetch(name, selection, context);
        context.Print(
            output => output.WriteLine(
                fetched.Files.Count == 0 ? $"{fetched.Path}: commit {fetched.Commit}, as the cache has it"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{fetched.Path}: commit {fetched.Commit}, {fetched.Files.Count} files, {Megabytes(fetched.Files.Sum(file => file.Size))} MB, {Megabytes(fetched.DownloadedBytes)} MB of them downloaded now")),
            json =>
            {
                json.WriteString("repository", name.Repository);
                json.WriteString("revision", name.Revision);
                json.WriteString("commit", fetched.Commit);
                json.WriteString("path", fetched.Path);
                json.WriteNumber("downloaded_bytes", fetched.DownloadedBytes);
                json.WriteStartArray("files");
                foreach (HubFetchedFile file in fetched.Files)
                {
                    json.WriteStartObject();
                    json.WriteString("path", file.Path);
                    json.WriteNumber("bytes", file.Size);
                    json.WriteBoolean("downloaded", file.IsDownloaded);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("#,0.0", CultureInfo.InvariantCulture);
}
