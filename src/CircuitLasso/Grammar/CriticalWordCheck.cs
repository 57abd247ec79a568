namespace CircuitLasso;

/// <summary>
/// Checks before any example is made that a phenomenon can make them: its marked constituents have a head word, and every critical word has
/// exactly one other form.
/// </summary>
internal sealed class CriticalWordCheck(GrammarDefinition definition, GrammarPhenomenon phenomenon)
{
    /// <summary>The words with the same lemma and the same features save the contrast, which has the other value; none when the contrast is not fixed.</summary>
    internal static List<string> OtherForms(GrammarPhenomenon phenomenon, GrammarNode node, LexiconEntry entry)
    {
        int value = node.Values[phenomenon.Contrast];
        if (value != phenomenon.ValueA && value != phenomenon.ValueB)
        {
            return [];
        }

        int[] values = [.. node.Values];
        values[phenomenon.Contrast] = value == phenomenon.ValueA ? phenomenon.ValueB : phenomenon.ValueA;
        return [.. node.Category.Entries.Where(other => other.Lemma == entry.Lemma && other.Fits(values)).Select(other => other.Word).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Runs the check.</summary>
    /// <exception cref="Numerics.InputException">The phenomenon cannot make examples.</exception>
    internal void Run(GrammarNode root)
    {
        foreach (GrammarSymbol symbol in phenomenon.Category.Rules.SelectMany(rule => rule.Right).Where(symbol => symbol.Role != GrammarRole.None))
        {
            RequireHeads(symbol.Category);
        }

        HashSet<int> answers = [];
        foreach (GrammarNode node in HeadWords(root.Groups.SelectMany(group => group.Expansions).Select(Critical)))
        {
            answers.Add(node.Values[phenomenon.Contrast]);
            foreach (LexiconEntry entry in node.Entries)
            {
                if (OtherForms(phenomenon, node, entry) is not [string other] || other == entry.Word)
                {
                    throw definition.Error($"phenomenon '{phenomenon.Name}': the critical word '{entry.Word}' has not exactly one other form");
                }
            }
        }

        if (answers.Count != 2)
        {
            throw definition.Error($"phenomenon '{phenomenon.Name}' makes only one of its two answers");
        }

        RequireOrder();
    }

    private static GrammarNode Critical(GrammarExpansion expansion) =>
        expansion.Children[Array.FindIndex(expansion.Rule.Right, symbol => symbol.Role == GrammarRole.Critical)];

    // Cue and attractor are words of the prefix, so they must come before the critical word.
    private void RequireOrder()
    {
        foreach (GrammarRule rule in phenomenon.Category.Rules)
        {
            int critical = Array.FindIndex(rule.Right, symbol => symbol.Role == GrammarRole.Critical);
            if (Array.FindLastIndex(rule.Right, symbol => symbol.Role is GrammarRole.Cue or GrammarRole.Attractor) > critical)
            {
                throw definition.Error($"rule '{rule.Text}': @cue and @attractor must stand before @critical");
            }
        }
    }

    private void RequireHeads(GrammarCategory category)
    {
        HashSet<GrammarCategory> seen = [category];
        Stack<GrammarCategory> open = new(seen);
        while (open.TryPop(out GrammarCategory? next))
        {
            foreach (GrammarRule rule in next.Rules)
            {
                if (rule.HeadIndex < 0)
                {
                    throw definition.Error($"rule '{rule.Text}' is used under an @ mark, but no symbol is marked with ^ as its head");
                }

                GrammarCategory head = rule.Right[rule.HeadIndex].Category;
                if (seen.Add(head))
                {
                    open.Push(head);
                }
            }
        }
    }

    private static List<GrammarNode> HeadWords(IEnumerable<GrammarNode> constituents)
    {
        HashSet<GrammarNode> seen = [.. constituents];
        Stack<GrammarNode> open = new(seen);
        while (open.TryPop(out GrammarNode? node))
        {
            foreach (GrammarExpansion expansion in node.Groups.SelectMany(group => group.Expansions))
            {
                GrammarNode head = expansion.Children[expansion.Rule.HeadIndex];
                if (seen.Add(head))
                {
                    open.Push(head);
                }
            }
        }

        return [.. seen.Where(node => node.Category.IsLexical)];
    }
}
