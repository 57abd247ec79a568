using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>One format that circuits are handed on in. Implementations are registered in <see cref="CircuitExports"/>, hold no state, and write the same bytes for the same circuit.</summary>
public interface ICircuitExport
{
    /// <summary>The format's name on the command line.</summary>
    string Name { get; }

    /// <summary>What the file holds and who reads it, in one line.</summary>
    string Description { get; }

    /// <summary>Writes a circuit.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="stream">Takes the bytes; stays open.</param>
    /// <exception cref="InputException">The format cannot hold this circuit.</exception>
    void Write(Circuit circuit, Stream stream);
}
