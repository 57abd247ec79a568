namespace CircuitLasso.InterpBench;

/// <summary>What a program's nodes depend on besides each other.</summary>
internal sealed class ProgramSurroundings
{
    /// <summary>The tokens that the program can see, in their order.</summary>
    public required IReadOnlyList<ProgramValue> Vocabulary { get; init; }

    /// <summary>Positions of a sequence of full length, as the program counts them.</summary>
    public required int Positions { get; init; }

    public required bool IsCausal { get; init; }

    /// <summary>The words that are names, where the program scores names.</summary>
    public IReadOnlyList<ProgramValue>? Names { get; init; }
}
