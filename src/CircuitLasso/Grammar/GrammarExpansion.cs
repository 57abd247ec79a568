namespace CircuitLasso;

/// <summary>One way to expand a node: a rule with all of its variables bound.</summary>
internal sealed class GrammarExpansion(GrammarRule rule, GrammarNode[] children)
{
    internal GrammarRule Rule { get; } = rule;

    internal GrammarNode[] Children { get; } = children;

    /// <summary>Words in the shortest derivation; <see cref="int.MaxValue"/> where there is none.</summary>
    internal int MinimumWords { get; set; } = int.MaxValue;
}
