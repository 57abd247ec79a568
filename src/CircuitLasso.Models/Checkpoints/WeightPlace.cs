namespace CircuitLasso.Models;

/// <summary>Where the matrices of a model are kept while it is used.</summary>
public enum WeightPlace
{
    /// <summary>In the mapped files, in the type that they are stored in.</summary>
    File,

    /// <summary>In memory as float32, to be written to, or on a file system that is too slow to read from again and again.</summary>
    Memory,
}
