namespace CircuitLasso.InterpBench;

/// <summary>
/// Gives every variable of a program its place in a transformer, as InterpBench's compiler does: blocks alternate attention and MLP, a variable's block
/// follows from the longest way from the inputs to it, and at one length attention comes before the MLP.
/// </summary>
internal static class LayoutCompiler
{
    internal static string Reciprocal(string variable) => $"reciprocal_width({variable})";

    /// <summary>The components of each variable: one, or a head and an MLP for a selector width; inputs have none.</summary>
    public static IReadOnlyDictionary<string, string[]> Place(CheckedProgram program)
    {
        Dictionary<string, int> depths = new(StringComparer.Ordinal);
        foreach (ProgramNode node in program.Nodes)
        {
            // A selector is part of the head that uses it and adds no step.
            int own = node.Operation is ProgramOperation.Select or ProgramOperation.Tokens or ProgramOperation.Indices ? 0 : 1;
            depths[node.Id] = own + node.Inputs.Select(input => depths[input]).DefaultIfEmpty(0).Max();
        }

        Dictionary<string, string[]> places = new(StringComparer.Ordinal);
        int layer = -1;
        bool previousIsAttention = false;
        ProgramNode[] computed = [.. program.Nodes.Where(node => HasHead(node) || HasMlp(node))];
        foreach (IGrouping<int, ProgramNode> level in computed.GroupBy(node => depths[node.Id]).OrderBy(level => level.Key))
        {
            ProgramNode[] heads = [.. level.Where(HasHead)];
            ProgramNode[] mlps = [.. level.Where(HasMlp)];
            if (heads.Length > 0)
            {
                layer++;
                previousIsAttention = true;
                for (int head = 0; head < heads.Length; head++)
                {
                    places[heads[head].Id] = [ComponentGraph.HeadName(layer, head)];
                }
            }

            if (mlps.Length > 0)
            {
                layer += previousIsAttention ? 0 : 1;
                previousIsAttention = false;
                foreach (ProgramNode node in mlps)
                {
                    places[node.Id] = [.. places.GetValueOrDefault(node.Id, []), ComponentGraph.MlpName(layer)];
                }
            }
        }

        return places;
    }

    /// <summary>What each component writes and reads, in the order of the model's computation.</summary>
    /// <param name="program">The program.</param>
    /// <param name="compiled">The components of each variable in the compiled program.</param>
    /// <param name="places">Its components in the model that is trained.</param>
    public static IReadOnlyList<LayoutComponent> Describe(
        CheckedProgram program, IReadOnlyDictionary<string, string[]> compiled, IReadOnlyDictionary<string, string[]> places)
    {
        Dictionary<string, (string HighLevel, SortedSet<string> Writes, HashSet<ComponentRead> Reads)> components = new(StringComparer.Ordinal);
        foreach (ProgramNode node in program.Nodes)
        {
            string[] where = places.GetValueOrDefault(node.Id, []);
            for (int i = 0; i < where.Length; i++)
            {
                string origin = compiled.TryGetValue(node.Id, out string[]? names) && i < names.Length ? names[i] : where[i];
                if (!components.TryGetValue(where[i], out (string HighLevel, SortedSet<string> Writes, HashSet<ComponentRead> Reads) entry))
                {
                    entry = (origin, new SortedSet<string>(StringComparer.Ordinal), []);
                    components.Add(where[i], entry);
                }

                bool isReciprocal = node.Operation == ProgramOperation.SelectorWidth && i == 0;
                entry.Writes.Add(isReciprocal ? Reciprocal(node.Id) : node.Id);
                entry.Reads.UnionWith(Reads(program, node, i));
            }
        }

        return [.. components
            .OrderBy(pair => ComponentPlace.Parse(pair.Key))
            .Select(pair => new LayoutComponent(
                pair.Key,
                pair.Value.HighLevel,
                [.. pair.Value.Writes],
                [.. pair.Value.Reads.OrderBy(read => read.Role).ThenBy(read => read.Variable, StringComparer.Ordinal)]))];
    }

    internal static bool HasHead(ProgramNode node) => node.Operation is ProgramOperation.Aggregate or ProgramOperation.SelectorWidth
        or ProgramOperation.LastPreviousOccurrence or ProgramOperation.Gather or ProgramOperation.Score;

    internal static bool HasMlp(ProgramNode node) => node.Operation is ProgramOperation.Map or ProgramOperation.SequenceMap or ProgramOperation.Linear
        or ProgramOperation.SelectorWidth;

    /// <summary>What the first or second component of a node reads.</summary>
    internal static IEnumerable<ComponentRead> Reads(CheckedProgram program, ProgramNode node, int part)
    {
        switch (node.Operation)
        {
            case ProgramOperation.Aggregate or ProgramOperation.SelectorWidth when part == 0:
                Selector selector = program.Selectors[node.Inputs[0]];
                yield return Read(ReadRole.Query, selector.Queries);
                yield return Read(ReadRole.Key, selector.Keys);
                if (node.Operation == ProgramOperation.Aggregate)
                {
                    yield return Read(ReadRole.Value, program.Variables[node.Inputs[1]]);
                }

                break;
            case ProgramOperation.SelectorWidth:
                yield return new ComponentRead(ReadRole.Mlp, Reciprocal(node.Id), program.Variables[node.Id].VariesWithTokens);
                break;
            case ProgramOperation.Tokens:
                // A component that holds a copy of the tokens.
                yield return Read(ReadRole.Mlp, program.Variables[node.Id]);
                break;
            default:
                ReadRole role = HasHead(node) ? ReadRole.Any : ReadRole.Mlp;
                foreach (string input in node.Inputs)
                {
                    yield return Read(role, program.Variables[input]);
                }

                break;
        }
    }

    private static ComponentRead Read(ReadRole role, ProgramVariable variable) => new(role, variable.Id, variable.VariesWithTokens);
}
