namespace CircuitLasso;

/// <summary>One derived sentence: its words, the node each word was drawn for, and where the marked words are.</summary>
internal sealed class Derivation
{
    internal List<LexiconEntry> Entries { get; } = [];

    internal List<GrammarNode> Nodes { get; } = [];

    internal int Cue { get; set; } = -1;

    internal int Attractor { get; set; } = -1;

    internal int Critical { get; set; } = -1;

    internal void Clear()
    {
        Entries.Clear();
        Nodes.Clear();
        Cue = Attractor = Critical = -1;
    }

    internal string[] Words() => [.. Entries.Select(entry => entry.Word)];
}
