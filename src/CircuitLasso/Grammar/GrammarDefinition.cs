using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A grammar file after reading: names are resolved and the rules are well formed, nothing is yet known of what they derive.</summary>
internal sealed class GrammarDefinition
{
    /// <summary>The file, for messages.</summary>
    internal required string Subject { get; init; }

    internal required int MaximumWords { get; init; }

    internal required GrammarFeatures Features { get; init; }

    internal required GrammarCategory Start { get; init; }

    internal required IReadOnlyList<GrammarCategory> Categories { get; init; }

    internal required IReadOnlyList<GrammarPhenomenon> Phenomena { get; init; }

    /// <summary>An error about this file.</summary>
    internal InputException Error(string problem, string remedy = "correct the grammar") => new(Subject, problem, remedy);
}
