namespace CircuitLasso.Numerics;

/// <summary>The flat block of elements that one or more tensors are views of: an entry of the archive.</summary>
/// <param name="Key">The entry's name below <c>data/</c>.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Length">Number of elements; the archive's entry has exactly so many.</param>
internal sealed record TorchStorage(string Key, TorchDataType DataType, long Length);
