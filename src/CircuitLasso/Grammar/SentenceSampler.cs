namespace CircuitLasso;

/// <summary>
/// Draws derivations from a compiled grammar: a rule by its weight among those that still fit into the words left, one of its readings
/// uniformly, a word uniformly. Every derivation that fits the length can be drawn.
/// </summary>
internal sealed class SentenceSampler(int maximumWords)
{
    internal Derivation Derivation { get; } = new();

    /// <summary>Replaces <see cref="Derivation"/> by one drawn from the node; marks of the node's own rule become the derivation's.</summary>
    /// <returns>Whether the derivation is one of the language: false when it holds a lemma twice whose category allows it once.</returns>
    internal bool Draw(GrammarNode start, ref SplitMix64 random)
    {
        Derivation.Clear();
        Expand(start, maximumWords, isRoot: true, ref random);
        return !HasRepetition();
    }

    private bool HasRepetition()
    {
        for (int later = 1; later < Derivation.Entries.Count; later++)
        {
            GrammarCategory category = Derivation.Nodes[later].Category;
            for (int earlier = 0; category.IsOnce && earlier < later; earlier++)
            {
                if (Derivation.Nodes[earlier].Category == category && Derivation.Entries[earlier].Lemma == Derivation.Entries[later].Lemma)
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Returns the index of the constituent's head word, or -1. The words of one constituent never exceed its budget.
    private int Expand(GrammarNode node, int budget, bool isRoot, ref SplitMix64 random)
    {
        if (node.Category.IsLexical)
        {
            Derivation.Entries.Add(node.Entries[random.NextBelow(node.Entries.Length)]);
            Derivation.Nodes.Add(node);
            return Derivation.Entries.Count - 1;
        }

        GrammarExpansion expansion = Choose(node, budget, ref random);
        int head = -1;
        int reserved = expansion.MinimumWords;
        int end = Derivation.Entries.Count + budget;
        for (int i = 0; i < expansion.Children.Length; i++)
        {
            reserved -= expansion.Children[i].MinimumWords;
            int headOfChild = Expand(expansion.Children[i], end - Derivation.Entries.Count - reserved, isRoot: false, ref random);
            head = i == expansion.Rule.HeadIndex ? headOfChild : head;
            if (isRoot)
            {
                Mark(expansion.Rule.Right[i].Role, headOfChild);
            }
        }

        return head;
    }

    private void Mark(GrammarRole role, int word)
    {
        switch (role)
        {
            case GrammarRole.Cue:
                Derivation.Cue = word;
                break;
            case GrammarRole.Attractor:
                Derivation.Attractor = word;
                break;
            case GrammarRole.Critical:
                Derivation.Critical = word;
                break;
            case GrammarRole.None:
            default:
                break;
        }
    }

    private static GrammarExpansion Choose(GrammarNode node, int budget, ref SplitMix64 random)
    {
        int total = 0;
        foreach (GrammarExpansionGroup group in node.Groups)
        {
            total += group.Expansions[0].MinimumWords <= budget ? group.Rule.Weight : 0;
        }

        int drawn = random.NextBelow(total);
        foreach (GrammarExpansionGroup group in node.Groups)
        {
            drawn -= group.Expansions[0].MinimumWords <= budget ? group.Rule.Weight : 0;
            if (drawn < 0)
            {
                int fitting = group.Expansions.Length;
                while (group.Expansions[fitting - 1].MinimumWords > budget)
                {
                    fitting--;
                }

                return group.Expansions[random.NextBelow(fitting)];
            }
        }

        throw new InvalidOperationException($"No expansion of '{node.Category.Name}' fits {budget} words.");
    }
}
