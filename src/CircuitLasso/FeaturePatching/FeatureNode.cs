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

    /// <summary>Whether it is an error.</summary>
    public bool IsError => Feature == Error;
}
