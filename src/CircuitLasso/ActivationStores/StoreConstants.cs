namespace CircuitLasso;

/// <summary>The file of a store's constant tensors. Immutable.</summary>
/// <param name="File">The file's name in the folder of the store.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Sha256">SHA-256 of the file, in lower-case hexadecimal digits.</param>
public sealed record StoreConstants(string File, long Bytes, string Sha256);
