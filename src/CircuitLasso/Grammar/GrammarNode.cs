namespace CircuitLasso;

/// <summary>A category with fixed feature values (-1: any): a node of the compiled grammar, which is free of variables.</summary>
internal sealed class GrammarNode(GrammarCategory category, int[] values)
{
    internal GrammarCategory Category { get; } = category;

    internal int[] Values { get; } = values;

    /// <summary>For words: those that fit the values.</summary>
    internal LexiconEntry[] Entries { get; init; } = [];

    /// <summary>For phrases: the expansions by rule.</summary>
    internal List<GrammarExpansionGroup> Groups { get; set; } = [];

    /// <summary>Words in the shortest derivation; <see cref="int.MaxValue"/> where there is none.</summary>
    internal int MinimumWords { get; set; } = int.MaxValue;
}
