namespace CircuitLasso;

/// <summary>What the head word of a constituent is to the example that the rule makes.</summary>
internal enum GrammarRole
{
    None,

    /// <summary>The word that decides which answer is grammatical.</summary>
    Cue,

    /// <summary>A word of the same kind as the cue that could mislead.</summary>
    Attractor,

    /// <summary>The word that is right or wrong.</summary>
    Critical,
}
