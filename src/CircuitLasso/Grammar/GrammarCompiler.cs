namespace CircuitLasso;

/// <summary>
/// Turns a grammar with features and variables into one without: every symbol with fixed values becomes a node, every rule with its variables
/// bound an expansion. What derives no words is dropped, and a grammar that could go round without end is refused.
/// </summary>
internal sealed class GrammarCompiler
{
    private const int MaximumNodes = 50_000;
    private const int MaximumExpansions = 200_000;
    private const int MaximumReadings = 2_000_000;

    // A derivation is at most this many nodes deep between two words, so that hostile rules cannot exhaust the stack.
    private const int LongestChain = 32;

    private readonly GrammarDefinition _definition;
    private readonly Dictionary<(GrammarCategory Category, string Values), GrammarNode> _nodes = [];
    private readonly List<GrammarNode> _ordered = [];
    private int _expansions;
    private long _readings;

    private GrammarCompiler(GrammarDefinition definition) => _definition = definition;

    /// <summary>Compiles the grammar; the nodes come in an order fixed by the file, the start first, then the phenomena.</summary>
    /// <exception cref="Numerics.InputException">A rule or word can never be used, there is a cycle without end, or the grammar is too large.</exception>
    internal static IReadOnlyList<GrammarNode> Compile(GrammarDefinition definition)
    {
        GrammarCompiler compiler = new(definition);
        compiler.CreateNodes();
        compiler.FindMinimumWords();
        compiler.DropWhatDerivesNothing();
        compiler.RefuseEndlessChains();
        compiler.RefuseWhatIsNeverUsed();
        return compiler._ordered;
    }

    private void CreateNodes()
    {
        int[] any = [.. Enumerable.Repeat(-1, _definition.Features.Count)];
        NodeFor(_definition.Start, any);
        foreach (GrammarPhenomenon phenomenon in _definition.Phenomena)
        {
            NodeFor(phenomenon.Category, any);
        }

        // The list grows while it is walked: expanding a node creates its children.
        for (int i = 0; i < _ordered.Count; i++)
        {
            GrammarNode node = _ordered[i];
            foreach (GrammarRule rule in node.Category.Rules)
            {
                if (Bind(node, rule) is { Count: > 0 } expansions)
                {
                    node.Groups.Add(new GrammarExpansionGroup(rule, [.. expansions]));
                }
            }
        }
    }

    private GrammarNode NodeFor(GrammarCategory category, int[] values)
    {
        string key = string.Create(values.Length, values, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = (char)(source[i] + 1);
            }
        });
        if (!_nodes.TryGetValue((category, key), out GrammarNode? node))
        {
            node = new GrammarNode(category, values) { Entries = [.. category.Entries.Where(entry => entry.Fits(values))] };
            _nodes.Add((category, key), node);
            _ordered.Add(node);
            if (_nodes.Count > MaximumNodes)
            {
                throw TooLarge();
            }
        }

        return node;
    }

    // All expansions of the node by the rule: the values of the node fix some variables, the others run over all of their values.
    private List<GrammarExpansion> Bind(GrammarNode node, GrammarRule rule)
    {
        int[] bound = [.. Enumerable.Repeat(-1, rule.VariableValueCounts.Length)];
        foreach (FeatureTerm term in rule.Left)
        {
            int wanted = node.Values[term.Feature];
            if (wanted < 0)
            {
                continue;
            }

            int has = term.Variable < 0 ? term.Value : bound[term.Variable];
            if (has >= 0 && has != wanted)
            {
                return [];
            }

            if (term.Variable >= 0)
            {
                bound[term.Variable] = wanted;
            }
        }

        int[] free = [.. Enumerable.Range(0, bound.Length).Where(variable => bound[variable] < 0)];
        long count = 1;
        foreach (int variable in free)
        {
            count *= rule.VariableValueCounts[variable];
            if (_readings + count > MaximumReadings)
            {
                throw TooLarge();
            }
        }

        _readings += count;

        List<GrammarExpansion> expansions = [];
        for (long reading = 0; reading < count; reading++)
        {
            long rest = reading;
            foreach (int variable in free)
            {
                bound[variable] = (int)(rest % rule.VariableValueCounts[variable]);
                rest /= rule.VariableValueCounts[variable];
            }

            if (TryExpand(rule, bound) is { } expansion)
            {
                expansions.Add(expansion);
            }
        }

        _expansions += expansions.Count;
        return _expansions <= MaximumExpansions ? expansions : throw TooLarge();
    }

    private GrammarExpansion? TryExpand(GrammarRule rule, int[] bound)
    {
        GrammarNode[] children = new GrammarNode[rule.Right.Length];

        // Words before phrases: most readings fail for want of a word, and then their phrases need not be built.
        foreach (bool lexical in (ReadOnlySpan<bool>)[true, false])
        {
            for (int i = 0; i < children.Length; i++)
            {
                GrammarSymbol symbol = rule.Right[i];
                if (symbol.Category.IsLexical == lexical)
                {
                    children[i] = NodeFor(symbol.Category, ValuesOf(symbol, bound));
                    if (lexical && children[i].Entries.Length == 0)
                    {
                        return null;
                    }
                }
            }
        }

        return new GrammarExpansion(rule, children);
    }

    private int[] ValuesOf(GrammarSymbol symbol, int[] bound)
    {
        int[] values = [.. Enumerable.Repeat(-1, _definition.Features.Count)];
        foreach (FeatureTerm term in symbol.Terms)
        {
            values[term.Feature] = term.Variable < 0 ? term.Value : bound[term.Variable];
        }

        return values;
    }

    // Knuth's generalisation of Dijkstra's algorithm (1977): nodes are settled in order of their shortest derivation, each once.
    private void FindMinimumWords()
    {
        Dictionary<GrammarNode, List<(GrammarNode Parent, GrammarExpansion Expansion)>> uses = _ordered.ToDictionary(node => node, _ => new List<(GrammarNode, GrammarExpansion)>());
        Dictionary<GrammarExpansion, (int Open, long Words)> progress = [];
        foreach (GrammarNode node in _ordered)
        {
            foreach (GrammarExpansion expansion in node.Groups.SelectMany(group => group.Expansions))
            {
                progress[expansion] = (expansion.Children.Length, 0);
                Array.ForEach(expansion.Children, child => uses[child].Add((node, expansion)));
            }
        }

        PriorityQueue<GrammarNode, int> open = new(_ordered.Where(node => node.Entries.Length > 0).Select(node => (node, 1)));
        HashSet<GrammarNode> settled = [];
        while (open.TryDequeue(out GrammarNode? node, out int words))
        {
            if (!settled.Add(node))
            {
                continue;
            }

            node.MinimumWords = words;
            foreach ((GrammarNode parent, GrammarExpansion expansion) in uses[node])
            {
                (int unsettled, long sum) = progress[expansion];
                progress[expansion] = (unsettled - 1, sum + words);
                if (unsettled == 1 && sum + words < int.MaxValue)
                {
                    expansion.MinimumWords = (int)(sum + words);
                    open.Enqueue(parent, expansion.MinimumWords);
                }
            }
        }
    }

    private void DropWhatDerivesNothing()
    {
        foreach (GrammarNode node in _ordered)
        {
            node.Groups = [.. node.Groups
                .Select(group => group with { Expansions = [.. group.Expansions.Where(e => e.MinimumWords < int.MaxValue).OrderBy(e => e.MinimumWords)] })
                .Where(group => group.Expansions.Length > 0)];
        }

        foreach (GrammarCategory category in _definition.Phenomena.Select(phenomenon => phenomenon.Category).Prepend(_definition.Start))
        {
            GrammarNode node = _ordered.First(candidate => candidate.Category == category);
            if (node.MinimumWords > _definition.MaximumWords)
            {
                throw node.MinimumWords == int.MaxValue
                    ? _definition.Error($"'{category.Name}' derives no sentence: words are missing, or its rules go round in a cycle without end")
                    : _definition.Error($"the shortest sentence of '{category.Name}' has {node.MinimumWords} words, more than maximum_words");
            }
        }
    }

    // A rule with one symbol adds no word, so a cycle of such rules could go on for ever: order the nodes so that those rules lead forward only.
    private void RefuseEndlessChains()
    {
        Dictionary<GrammarNode, int> incoming = _ordered.ToDictionary(node => node, _ => 0);
        foreach (GrammarNode child in _ordered.SelectMany(Chained))
        {
            incoming[child]++;
        }

        Queue<(GrammarNode Node, int Length)> ready = new(_ordered.Where(node => incoming[node] == 0).Select(node => (node, 1)));
        int done = 0;
        while (ready.TryDequeue(out (GrammarNode Node, int Length) next))
        {
            done++;
            if (next.Length > LongestChain)
            {
                throw _definition.Error($"more than {LongestChain} rules with one symbol follow each other at '{next.Node.Category.Name}'");
            }

            foreach (GrammarNode child in Chained(next.Node))
            {
                if (--incoming[child] == 0)
                {
                    // The queue is in order of length: the last rule to reach a node comes from the longest chain.
                    ready.Enqueue((child, next.Length + 1));
                }
            }
        }

        if (done < _ordered.Count)
        {
            string name = incoming.First(pair => pair.Value > 0).Key.Category.Name;
            throw _definition.Error($"the rules of '{name}' go round in a cycle without end");
        }
    }

    private static IEnumerable<GrammarNode> Chained(GrammarNode node) =>
        node.Groups.SelectMany(group => group.Expansions).Where(expansion => expansion.Children.Length == 1).Select(expansion => expansion.Children[0]);

    // Only what the start reaches counts: a word that no sentence holds would be a token that no model ever learns.
    private void RefuseWhatIsNeverUsed()
    {
        HashSet<GrammarNode> reached = [_ordered[0]];
        Stack<GrammarNode> open = new(reached);
        HashSet<LexiconEntry> used = new(ReferenceEqualityComparer.Instance);
        while (open.TryPop(out GrammarNode? node))
        {
            used.UnionWith(node.Entries);
            foreach (GrammarExpansion expansion in node.Groups.SelectMany(group => group.Expansions))
            {
                expansion.Rule.IsUsed = true;
                Array.ForEach(expansion.Children, child => { if (reached.Add(child)) open.Push(child); });
            }
        }

        foreach (GrammarCategory category in _definition.Categories)
        {
            if (category.Rules.Find(rule => !rule.IsUsed) is { } rule)
            {
                throw _definition.Error($"no sentence can use the rule '{rule.Text}': words are missing, or nothing leads to it", "correct or remove the rule");
            }

            if (category.Entries.Find(entry => !used.Contains(entry)) is { } entry)
            {
                throw _definition.Error($"no sentence can use the word '{entry.Word}' of '{category.Name}'", "correct or remove the word");
            }
        }
    }

    private Numerics.InputException TooLarge() =>
        _definition.Error($"has more than {MaximumNodes} symbols, {MaximumExpansions} expansions or {MaximumReadings} readings once its variables are bound", "use fewer variables or values");
}
