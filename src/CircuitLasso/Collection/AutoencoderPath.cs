using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>An autoencoder as a command line names it: <c>PATH</c>, or <c>SITE=PATH</c> where its files do not name the site. Immutable.</summary>
/// <param name="Site">The site that it encodes; null for the one that its files name.</param>
/// <param name="Path">A file or folder, or a name on the hub.</param>
public readonly record struct AutoencoderPath(Site? Site, string Path)
{
    /// <summary>Reads one. Text that is a file or folder as it stands, or begins with <c>hf://</c>, names no site, whatever '=' it holds.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">What stands before '=' is no site.</exception>
    public static AutoencoderPath Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && !HubName.IsMarked(text) && !System.IO.Path.Exists(text) ? new AutoencoderPath(Models.Site.Parse(text[..equals]), text[(equals + 1)..]) : new AutoencoderPath(null, text);
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Site is { } site ? $"{site}={Path}" : Path;
}
