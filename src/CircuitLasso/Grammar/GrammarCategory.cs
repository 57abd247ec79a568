namespace CircuitLasso;

/// <summary>A category of the grammar: either of words (it has entries) or of phrases (it has rules).</summary>
internal sealed class GrammarCategory(string name)
{
    internal string Name { get; } = name;

    internal bool IsLexical { get; init; }

    /// <summary>Bit mask of the features that a symbol of this category may state.</summary>
    internal int Features { get; set; }

    /// <summary>Whether a sentence may hold each lemma of the category only once ("the warm village is warm" says nothing).</summary>
    internal bool IsOnce { get; init; }

    internal List<LexiconEntry> Entries { get; } = [];

    internal List<GrammarRule> Rules { get; } = [];
}
