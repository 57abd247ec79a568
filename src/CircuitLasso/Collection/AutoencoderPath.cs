using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// An autoencoder as a command line names it: <c>PATH</c>, <c>SITE=PATH</c> where its files do not name the site, or <c>INPUT:OUTPUT=PATH</c> for a transcoder. Immutable.
/// </summary>
/// <param name="Site">The site that it encodes; null for the one that its files name.</param>
/// <param name="Output">The site that a transcoder writes; null for the one that its files name, and always where <paramref name="Site"/> is null.</param>
/// <param name="Path">A file or folder, or a name on the hub.</param>
public readonly record struct AutoencoderPath(Site? Site, Site? Output, string Path)
{
    /// <summary>Reads one. Text that is a file or folder as it stands, or begins with <c>hf://</c>, names no site, whatever '=' it holds.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">What stands before '=' is no site, and no two of them with ':' between.</exception>
    public static AutoencoderPath Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || HubName.IsMarked(text) || System.IO.Path.Exists(text))
        {
            return new AutoencoderPath(null, null, text);
        }

        string[] sites = text[..equals].Split(':');
        return sites.Length > 2
            ? throw new InputException(text, "names more than two sites", "write SITE=PATH, or INPUT:OUTPUT=PATH for a transcoder")
            : new AutoencoderPath(Models.Site.Parse(sites[0]), sites.Length > 1 ? Models.Site.Parse(sites[1]) : null, text[(equals + 1)..]);
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => (Site, Output) switch
    {
        ({ } site, { } output) => $"{site}:{output}={Path}",
        ({ } site, null) => $"{site}={Path}",
        _ => Path,
    };
}
