namespace CircuitLasso.InterpBench;

/// <summary>The nodes of a program, checked against each other and ready to run.</summary>
internal sealed class CheckedProgram
{
    /// <summary>The nodes in an order in which each follows what it reads; the file's order as far as it can be kept.</summary>
    public required IReadOnlyList<ProgramNode> Nodes { get; init; }

    public required IReadOnlyDictionary<string, ProgramVariable> Variables { get; init; }

    public required IReadOnlyDictionary<string, Selector> Selectors { get; init; }

    public required IReadOnlyList<ProgramStep> Steps { get; init; }

    public required ProgramVariable Output { get; init; }
}
