using System.Globalization;

namespace CircuitLasso;

/// <summary>The name of a feature's node: its site and its number, <c>resid_post.5/3036</c>.</summary>
/// <param name="Site">The site.</param>
/// <param name="Index">The feature, from 0.</param>
internal readonly record struct FeatureName(string Site, int Index)
{
    /// <summary>Reads the name of a node of kind <see cref="CircuitNodeKind.Feature"/>; null where it has another form.</summary>
    /// <param name="name">The name.</param>
    public static FeatureName? Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int slash = name.LastIndexOf('/');
        return slash > 0
            && int.TryParse(name.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && (name[slash + 1] != '0' || name.Length == slash + 2)
            ? new FeatureName(name[..slash], index)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Site}/{Index}");
}
