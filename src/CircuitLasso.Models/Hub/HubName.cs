using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// What a user names on the hub: a repository, or a file or folder inside it, at a revision. Written <c>ORG/NAME</c>, <c>ORG/NAME/PATH</c>, or <c>NAME</c> for the few
/// repositories that need no organisation, each with <c>hf://</c> before it or not, and <c>@REVISION</c> after it or not. Immutable.
/// </summary>
public sealed record HubName
{
    /// <summary>The revision where none is named.</summary>
    public const string DefaultRevision = "main";

    private const string Scheme = "hf://";
    private const int LongestRepository = 96;
    private const int LongestRevision = 200;

    // The hub keeps these names from the time before organisations, and sends them on to where the models lie today.
    private static readonly Dictionary<string, string> _todaysNames = new(StringComparer.Ordinal)
    {
        ["distilgpt2"] = "distilbert/distilgpt2",
        ["gpt2"] = "openai-community/gpt2",
        ["gpt2-large"] = "openai-community/gpt2-large",
        ["gpt2-medium"] = "openai-community/gpt2-medium",
        ["gpt2-xl"] = "openai-community/gpt2-xl",
    };

    private HubName(string repository, string path, string revision)
    {
        Repository = repository;
        Path = path;
        Revision = revision;
    }

    /// <summary>The repository, such as <c>openai-community/gpt2</c>.</summary>
    public string Repository { get; }

    /// <summary>The file or folder inside the repository, with '/' between its parts; empty for all of it.</summary>
    public string Path { get; }

    /// <summary>A branch, a tag or a commit; <see cref="DefaultRevision"/> where none was named.</summary>
    public string Revision { get; private init; }

    /// <summary>Whether the repository is named without an organisation and is none of those that the hub is known to have under such a name.</summary>
    public bool IsUncertain => !Repository.Contains('/', StringComparison.Ordinal) && !_todaysNames.ContainsKey(Repository);

    /// <summary>The name under which the repository lies on the hub today, where it is known to be another one.</summary>
    internal string? TodaysRepository => _todaysNames.GetValueOrDefault(Repository);

    /// <summary>Reads a name.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">It is no name of a repository.</exception>
    public static HubName Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text) ?? throw new InputException(text, "is no name of a repository on the hub", "write ORG/NAME, such as openai-community/gpt2, or hf://ORG/NAME/PATH");
    }

    /// <summary>Reads a name, or returns null where the text cannot be one.</summary>
    /// <param name="text">The text.</param>
    public static HubName? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string rest = IsMarked(text) ? text[Scheme.Length..] : text;
        int at = rest.LastIndexOf('@');
        string revision = at < 0 ? DefaultRevision : rest[(at + 1)..];
        string[] parts = (at < 0 ? rest : rest[..at]).TrimEnd('/').Split('/');
        string repository = string.Join('/', parts.Take(2));
        string path = string.Join('/', parts.Skip(2));
        bool isName = IsRepository(repository) && IsRevision(revision) && (path.Length == 0 || HubPath.Problem(path) is null);
        return isName ? new HubName(repository, path, revision) : null;
    }

    /// <summary>Whether the text says by <c>hf://</c> that it is a name on the hub.</summary>
    /// <param name="text">The text.</param>
    public static bool IsMarked(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith(Scheme, StringComparison.Ordinal);
    }

    /// <summary>The same name at another revision.</summary>
    /// <param name="revision">A branch, a tag or a commit.</param>
    /// <exception cref="InputException">It cannot be the name of a revision.</exception>
    public HubName At(string revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        return IsRevision(revision) ? this with { Revision = revision } : throw new InputException(revision, "is no name of a revision", "give a branch, a tag or a commit");
    }

    /// <summary>The name as it is written, without a revision where it is the default one.</summary>
    public override string ToString() => Repository + (Path.Length > 0 ? "/" + Path : string.Empty) + (Revision == DefaultRevision ? string.Empty : "@" + Revision);

    // The hub's own rules: https://huggingface.co/docs/huggingface_hub names them at validate_repo_id. "--" joins the parts of a folder's name in the cache.
    private static bool IsRepository(string repository) =>
        repository.Length is > 0 and <= LongestRepository
        && !repository.Contains("--", StringComparison.Ordinal)
        && !repository.Contains("..", StringComparison.Ordinal)
        && !repository.EndsWith(".git", StringComparison.Ordinal)
        && repository.Split('/').All(part => part.Length > 0 && part.All(IsNameCharacter) && part[0] is not ('-' or '.') && part[^1] is not ('-' or '.'));

    private static bool IsRevision(string revision) => revision.Length is > 0 and <= LongestRevision && HubPath.Problem(revision) is null;

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
