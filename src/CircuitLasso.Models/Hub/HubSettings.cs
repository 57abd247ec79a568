using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Where the hub is, where its files are kept, and who asks. Immutable.</summary>
public sealed class HubSettings
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>The address of the hub, without a final '/'.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The folder that holds the repositories' folders.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The user's token, which only the hub itself is shown; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Whether nothing may be asked of the hub.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Whether snapshots are links where the system allows them; otherwise they hold the files themselves.</summary>
    public bool UsesLinks { get; init; } = true;

    /// <summary>Tries of a request, in all, until one brings something.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The time before the second try; it doubles with every further one, to half a minute at most, unless the hub names a time.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may be silent before a try counts as failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest time that is waited because the hub asks for it; where it asks for more, the work ends and says so.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Free bytes of the disk that holds a folder, or null where the system does not say.</summary>
    internal Func<string, long?> FreeBytes { get; init; } = MeasureFreeBytes;

    /// <summary>
    /// Reads the variables that Python's huggingface_hub reads: HF_ENDPOINT, HF_HUB_CACHE (or HUGGINGFACE_HUB_CACHE), HF_HOME, XDG_CACHE_HOME, HF_TOKEN (or
    /// HUGGING_FACE_HUB_TOKEN), HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE), HF_HUB_DISABLE_SYMLINKS. Without HF_TOKEN the token is
    /// read from the file that <c>hf auth login</c> writes.
    /// </summary>
    /// <param name="variable">Gives the value of a variable, or null.</param>
    /// <exception cref="InputException">HF_ENDPOINT is no address, or the token cannot be sent.</exception>
    public static HubSettings FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Value(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
            {
                if (variable(name) is { Length: > 0 } value)
                {
                    return value;
                }
            }

            return null;
        }

        bool IsOn(params ReadOnlySpan<string> names) => Value(names)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        string user = variable("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Expanded(string path) => path == "~" || path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith("~\\", StringComparison.Ordinal) ? user + path[1..] : path;
        string hubHome = Expanded(Value("HF_HOME") ?? Path.Combine(Expanded(Value("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache")), "huggingface"));
        return new HubSettings
        {
            Endpoint = ParseEndpoint(Value("HF_ENDPOINT") ?? DefaultEndpoint),
            CacheFolder = Path.GetFullPath(Expanded(Value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(hubHome, "hub"))),
            Token = IsOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null
                : CheckToken("HF_TOKEN", Value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")) ?? ReadToken(Expanded(Value("HF_TOKEN_PATH") ?? Path.Combine(hubHome, "token"))),
            IsOffline = IsOn("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
            UsesLinks = !IsOn("HF_HUB_DISABLE_SYMLINKS"),
        };
    }

    private static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" && address.Query.Length == 0 && address.UserInfo.Length == 0
            ? address
            : throw new InputException("HF_ENDPOINT", $"'{text}' is no address of a hub", "set it to an address such as https://huggingface.co, or unset it");

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && new FileInfo(path).Length < 4096 ? CheckToken(path, File.ReadAllText(path)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message, "check its permissions, or set HF_TOKEN", exception);
        }
    }

    // A token with other characters would end the header that carries it. It is never shown.
    private static string? CheckToken(string source, string? text) => text?.Trim() switch
    {
        null or "" => null,
        { } token when token.All(c => c is > ' ' and <= '~') => token,
        _ => throw new InputException(source, "holds no token: it has characters that none has", "copy the token again"),
    };

    private static long? MeasureFreeBytes(string folder)
    {
        try
        {
            string? existing = folder;
            while (existing is not null && !Directory.Exists(existing))
            {
                existing = Path.GetDirectoryName(existing);
            }

            return existing is null ? null : new DriveInfo(existing).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
