using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The formats that circuits are handed on in.</summary>
public static class CircuitExports
{
    /// <summary>Every format.</summary>
    public static IReadOnlyList<ICircuitExport> All { get; } =
    [
        new JsonExport(),
        new CsvExport(),
        new DotExport(),
        new GraphMlExport(),
        new EapIgExport(),
        new NeuronpediaExport(),
    ];

    /// <summary>The format of that name.</summary>
    /// <param name="name">A format's name.</param>
    /// <exception cref="InputException">There is none.</exception>
    public static ICircuitExport Find(string name) =>
        All.FirstOrDefault(export => export.Name == name)
        ?? throw new InputException("--format", $"'{name}' is no export format", $"use one of {string.Join(", ", All.Select(export => export.Name))}");

    /// <summary>Writes a circuit to a file, which is replaced in one step.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="export">The format.</param>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="InputException">The format cannot hold this circuit, or the file cannot be written.</exception>
    public static void WriteFile(Circuit circuit, ICircuitExport export, string path)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentNullException.ThrowIfNull(export);
        AtomicFile.Write(path, stream => export.Write(circuit, stream));
    }
}
