using System.Collections.Frozen;

namespace CircuitLasso.InterpBench;

/// <summary>What it takes to run a program.</summary>
internal sealed class ProgramRuntime
{
    /// <summary>What messages call the program.</summary>
    public required string Subject { get; init; }

    public required CheckedProgram Checked { get; init; }

    /// <summary>The position of the model at which the program's position 0 stands: 1, or 0 where the program sees the first token too.</summary>
    public required int FirstPosition { get; init; }

    /// <summary>Place of each token id among the program's tokens; -1 for one that it does not know.</summary>
    public required int[] CodeOfToken { get; init; }

    /// <summary>The class of each value of the output.</summary>
    public required int[] ClassOfCode { get; init; }

    /// <summary>The variables that each component of the circuit stands for.</summary>
    public required FrozenDictionary<string, ProgramVariable[]> VariablesOfComponent { get; init; }

    /// <summary>How sentences are drawn, or null for uniform tokens.</summary>
    public SentenceTemplates? Sentences { get; init; }
}
