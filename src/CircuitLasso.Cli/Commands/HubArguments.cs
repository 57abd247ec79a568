using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>Turns what a user gives for a model or an autoencoder into a path: it is one already, or a name on the hub, whose files are downloaded where the cache lacks them.</summary>
internal static class HubArguments
{
    /// <summary>What help says of a model.</summary>
    internal const string Model = "the folder of a Hugging Face checkpoint, or the name of one on the hub, ORG/NAME or ORG/NAME@REVISION, which is downloaded where the cache lacks it";

    /// <summary>What help says of a path of an autoencoder.</summary>
    internal const string Autoencoder = "a file or folder, or hf://ORG/NAME/PATH on the hub";

    /// <summary>The folder of a model.</summary>
    /// <param name="given">A folder, or a name.</param>
    /// <param name="context">Where to say what is downloaded.</param>
    /// <exception cref="InputException">The hub does not have it, or does not give it.</exception>
    internal static string ModelFolder(string given, CommandContext context)
    {
        if (HubName.IsMarked(given) && HubName.Parse(given).Path is { Length: > 0 } path)
        {
            throw new InputException(given, $"names '{path}' inside a repository, and a model is a whole one", "write hf://ORG/NAME");
        }

        return Resolve(given, HubSelection.Model, name => name.Path.Length == 0 && !name.IsUncertain, context);
    }

    /// <inheritdoc cref="ModelFolder"/>
    internal static string? OptionalModelFolder(string? given, CommandContext context) => given is null ? null : ModelFolder(given, context);

    /// <summary>Autoencoders whose paths are files or folders.</summary>
    /// <param name="given">Each as <c>[SITE=]PATH</c>, where the path may be a name.</param>
    /// <param name="context">Where to say what is downloaded.</param>
    /// <exception cref="InputException">The hub does not have one, or does not give it.</exception>
    internal static string[] Autoencoders(IEnumerable<string> given, CommandContext context) =>
        [.. given.Select(AutoencoderPath.Parse).Select(entry => (entry with { Path = AutoencoderFile(entry.Path, context) }).ToString())];

    /// <summary>The file or folder of an autoencoder.</summary>
    /// <param name="given">A file, a folder, or a name.</param>
    /// <param name="context">Where to say what is downloaded.</param>
    /// <exception cref="InputException">The hub does not have it, or does not give it.</exception>
    internal static string AutoencoderFile(string given, CommandContext context) => Resolve(given, HubSelection.Autoencoder, name => name.Path.Length > 0, context);

    /// <summary>Fetches, with its progress shown.</summary>
    internal static HubFetched Fetch(HubName name, HubSelection selection, CommandContext context)
    {
        using ProgressReport progress = context.StartProgress();
        return new HubFetcher(HubSettings.FromEnvironment(context.Console.Variable)).Fetch(name, selection, progress, context.Message, context.Cancellation);
    }

    private static string Resolve(string given, HubSelection selection, Func<HubName, bool> isMeant, CommandContext context)
    {
        bool isMarked = HubName.IsMarked(given);
        if (!isMarked && Path.Exists(given))
        {
            return given;
        }

        // What can be no name is left to the command, which says what is wrong with it as a path.
        HubName? name = isMarked ? HubName.Parse(given) : HubName.TryParse(given);
        if (name is null)
        {
            return given;
        }

        if (new HubFetcher(HubSettings.FromEnvironment(context.Console.Variable)).Find(name, selection) is { } path)
        {
            return path;
        }

        if (!isMarked && !isMeant(name))
        {
            return given;
        }

        try
        {
            return Fetch(name, selection, context).Path;
        }
        catch (InputException exception) when (!isMarked && exception.Subject == name.ToString())
        {
            throw new InputException(given, "is no file or folder here, and " + exception.Problem, exception.Remedy, exception);
        }
        catch (OperationCanceledException)
        {
            context.Message("what is downloaded is kept");
            throw;
        }
    }
}
