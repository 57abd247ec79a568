using System.Globalization;

namespace CircuitLasso;

/// <summary>A feature by its site and its number, which the names of nodes hold: <c>resid_post.5/3036</c>, or <c>resid_post.5/3036@7</c> at one position.</summary>
/// <param name="Site">The site.</param>
/// <param name="Index">The feature, from 0.</param>
internal readonly record struct FeatureName(string Site, int Index)
{
    /// <summary>The feature of a node of kind <see cref="CircuitNodeKind.Feature"/>; null where its name has another form.</summary>
    /// <param name="node">Name of the node.</param>
    internal static FeatureName? Parse(string node)
    {
        string name = WithoutPosition(node, out _);
        int slash = name.LastIndexOf('/');
        return slash > 0
            && int.TryParse(name.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && (name[slash + 1] != '0' || name.Length == slash + 2)
            ? new FeatureName(name[..slash], index)
            : null;
    }

    /// <summary>A node's name without the position that it may end with.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="position">The position, from 0; null where there is none.</param>
    internal static string WithoutPosition(string node, out int? position)
    {
        int at = node.LastIndexOf('@');
        bool has = at > 0 && int.TryParse(node.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number.ToString(CultureInfo.InvariantCulture).Length == node.Length - at - 1;
        position = has ? int.Parse(node.AsSpan(at + 1), CultureInfo.InvariantCulture) : null;
        return has ? node[..at] : node;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Site}/{Index}");
}
