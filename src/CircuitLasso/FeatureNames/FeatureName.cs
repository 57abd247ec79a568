using System.Globalization;

namespace CircuitLasso;

/// <summary>A feature by its site and its number, which the names of nodes hold: <c>resid_post.5/3036</c>, or <c>resid_post.5/3036@7</c> at one position.</summary>
/// <param name="Site">The site.</param>
/// <param name="Index">The feature, from 0.</param>
internal readonly record struct FeatureName(string Site, int Index)
{
    /// <summary>The feature of a node of kind <see cref="CircuitNodeKind.Feature"/>; null where its name has another form.</summary>
    /// <param name="node">Name of the node.</param>
    internal static FeatureName? Parse(string node) => FeatureNodeName.TryParse(node) is { Feature: { } index } name ? new FeatureName(name.Site, index) : null;

    /// <summary>A node's name without the position that it may end with.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="position">The position, from 0; null where there is none.</param>
    internal static string WithoutPosition(string node, out int? position)
    {
        FeatureNodeName? name = FeatureNodeName.TryParse(node);
        position = name?.Position;
        return position is null ? node : (name!.Value with { Position = null }).ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Site}/{Index}");
}
