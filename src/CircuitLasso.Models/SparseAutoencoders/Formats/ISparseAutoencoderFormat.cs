using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>One published format of sparse autoencoders or transcoders. Stateless.</summary>
internal interface ISparseAutoencoderFormat
{
    /// <summary>Its name in <see cref="SparseAutoencoderProvenance.Format"/>.</summary>
    string Name { get; }

    /// <summary>Whether the files are of this format, by what they hold.</summary>
    bool Recognizes(SparseAutoencoderSource source);

    /// <summary>Reads them.</summary>
    /// <exception cref="InputException">Something is missing, superfluous, damaged, of a wrong shape, or asks for what is not supported.</exception>
    SparseAutoencoder Load(SparseAutoencoderSource source, SparseAutoencoderLoadOptions options);
}
