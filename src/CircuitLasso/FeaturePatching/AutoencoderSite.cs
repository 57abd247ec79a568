using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>A sparse autoencoder at the site whose activations it reconstructs.</summary>
/// <param name="Site">The site.</param>
/// <param name="Autoencoder">The autoencoder; it stays its owner's.</param>
public sealed record AutoencoderSite(Site Site, SparseAutoencoder Autoencoder);
