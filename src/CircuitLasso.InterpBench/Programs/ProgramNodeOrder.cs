namespace CircuitLasso.InterpBench;

/// <summary>Puts nodes in an order in which each follows what it reads, and refuses names stated twice, unknown ones and cycles.</summary>
internal static class ProgramNodeOrder
{
    public static IReadOnlyList<ProgramNode> Sort(ProgramJson json, IReadOnlyList<ProgramNode> nodes)
    {
        Dictionary<string, ProgramNode> byName = new(StringComparer.Ordinal);
        foreach (ProgramNode node in nodes)
        {
            if (!byName.TryAdd(node.Id, node))
            {
                throw json.NodeError(node.Id, "is stated twice");
            }
        }

        List<ProgramNode> ordered = [];
        Dictionary<string, bool> finished = new(StringComparer.Ordinal);
        foreach (ProgramNode node in nodes)
        {
            Visit(node);
        }

        return ordered;

        // At most MaximumNodes deep.
        void Visit(ProgramNode node)
        {
            if (finished.TryGetValue(node.Id, out bool done))
            {
                if (!done)
                {
                    throw json.NodeError(node.Id, "is part of a cycle: it reads, in the end, itself");
                }

                return;
            }

            finished.Add(node.Id, false);
            foreach (string input in node.Inputs)
            {
                Visit(byName.TryGetValue(input, out ProgramNode? read) ? read : throw json.NodeError(node.Id, $"reads '{input}', which no node defines"));
            }

            finished[node.Id] = true;
            ordered.Add(node);
        }
    }
}
