using System.Globalization;
using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>A feature or the error of one site, at every position or at one.</summary>
/// <param name="Site">The site's index among <see cref="AutoencoderSites"/>.</param>
/// <param name="Feature">The feature, or <see cref="Error"/>.</param>
/// <param name="Position">The position, or <see cref="Everywhere"/>.</param>
public readonly record struct FeatureNode(int Site, int Feature, int Position = FeatureNode.Everywhere)
{
    /// <summary>In the place of a feature: what the autoencoder leaves out.</summary>
    public const int Error = -1;

    /// <summary>In the place of a position: all of them.</summary>
    public const int Everywhere = -1;

    private const string ErrorName = "error";

    /// <summary>Whether it is an error.</summary>
    public bool IsError => Feature == Error;

    /// <summary>The name of the node at a site.</summary>
    internal string NameAt(Site site)
    {
        string feature = IsError ? ErrorName : Feature.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{site}/{feature}") + (Position == Everywhere ? string.Empty : "@" + Position.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Reads what follows the site's name.</summary>
    internal static FeatureNode? TryParse(int site, ReadOnlySpan<char> text)
    {
        int at = text.IndexOf('@');
        int position = Everywhere;
        if (at >= 0 && !int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out position))
        {
            return null;
        }

        ReadOnlySpan<char> name = at < 0 ? text : text[..at];
        return name.SequenceEqual(ErrorName) ? new FeatureNode(site, Error, position)
            : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int feature) ? new FeatureNode(site, feature, position)
            : null;
    }
}
