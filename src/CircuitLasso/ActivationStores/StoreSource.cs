namespace CircuitLasso;

/// <summary>Something that a store was made from. Immutable.</summary>
/// <param name="Name">Its name, for people; it does not count when a store is resumed.</param>
/// <param name="Sha256">SHA-256 of its content, in lower-case hexadecimal digits: what tells it from others.</param>
public sealed record StoreSource(string Name, string Sha256);
