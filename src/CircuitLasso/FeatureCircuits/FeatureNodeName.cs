using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The name of a node of a feature circuit: <c>resid_post.5/3036</c> is a feature of a site, <c>resid_post.5/error</c> what the site's autoencoder leaves out, and
/// <c>resid_post.5/3036@7</c> the feature at one position.
/// </summary>
/// <param name="Site">The site, as the store names it.</param>
/// <param name="Feature">The feature, from 0; null for the error.</param>
/// <param name="Position">The token's place in its text, from 0; null where positions are not kept apart.</param>
public readonly record struct FeatureNodeName(string Site, int? Feature, int? Position = null)
{
    private const string ErrorSuffix = "/error";

    /// <summary>Whether it is the error of the site.</summary>
    public bool IsError => Feature is null;

    /// <summary>Reads a name.</summary>
    /// <param name="name">The node's name.</param>
    /// <exception cref="InputException">It names neither a feature nor an error.</exception>
    public static FeatureNodeName Parse(string name) =>
        TryParse(name) ?? throw new InputException(name, "names neither a feature nor an error of a site", "write SITE/FEATURE, such as resid_post.5/3036");

    /// <summary>Reads a name; null where it is that of another kind of node, or is written in another way than <see cref="ToString"/> does.</summary>
    /// <param name="name">The node's name.</param>
    public static FeatureNodeName? TryParse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int slash = name.LastIndexOf('/'), at = name.LastIndexOf('@');
        int? position = at > slash ? Number(name.AsSpan(at + 1)) : null;
        string part = slash < 0 ? string.Empty : at > slash ? name[slash..at] : name[slash..];
        FeatureNodeName? read = slash <= 0 ? null
            : part == ErrorSuffix ? new FeatureNodeName(name[..slash], null, position)
            : Number(part.AsSpan(1)) is { } feature ? new FeatureNodeName(name[..slash], feature, position)
            : null;
        return read?.ToString() == name ? read : null;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string everywhere = Feature is { } feature ? string.Create(CultureInfo.InvariantCulture, $"{Site}/{feature}") : Site + ErrorSuffix;
        return Position is { } position ? string.Create(CultureInfo.InvariantCulture, $"{everywhere}@{position}") : everywhere;
    }

    private static int? Number(ReadOnlySpan<char> text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
