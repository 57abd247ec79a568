namespace CircuitLasso.Models;

/// <summary>Named tensors of one file, whatever its kind.</summary>
internal interface ITensorContainer : IDisposable
{
    /// <summary>The names of the tensors.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>The dimensions of a tensor that is there.</summary>
    IReadOnlyList<long> Shape(string name);

    /// <summary>Reads a tensor of floating-point numbers, row-major.</summary>
    /// <exception cref="Numerics.InputException">It holds something else, or the file is damaged.</exception>
    void ReadSingle(string name, Span<float> destination);

    /// <summary>Reads a tensor of one whole number.</summary>
    /// <exception cref="Numerics.InputException">It holds something else, or the file is damaged.</exception>
    long ReadInteger(string name);
}
