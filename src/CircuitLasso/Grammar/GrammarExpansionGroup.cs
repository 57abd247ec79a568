namespace CircuitLasso;

/// <summary>The expansions of a node by one rule, shortest first; the rule's weight is shared evenly among those that fit.</summary>
internal sealed record GrammarExpansionGroup(GrammarRule Rule, GrammarExpansion[] Expansions);
