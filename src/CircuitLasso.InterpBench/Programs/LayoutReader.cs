using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>Reads where the variables live and which edges are true; compiles what the file leaves out, and refuses what cannot be.</summary>
internal sealed class LayoutReader(ProgramJson json, CheckedProgram program)
{
    // What the published description of indirect object identification calls the component that holds the tokens.
    private const string AllNodes = "all_nodes";

    public KnownLayout Read(JsonElement root, LowLevelReader lowLevel)
    {
        IReadOnlyDictionary<string, string[]> compiled = LayoutCompiler.Place(program);
        Dictionary<string, string[]> places = Places(root, compiled);
        IReadOnlyList<LayoutComponent> components = LayoutCompiler.Describe(program, compiled, places);
        ComponentPlace[] used = [.. components.Select(component => ComponentPlace.Parse(component.Component))];
        LowLevelShape shape = lowLevel.Read(
            root, Math.Max(2, used.Select(place => place.Layer + 1).DefaultIfEmpty(0).Max()), Math.Max(4, used.Select(place => place.Head + 1 ?? 0).DefaultIfEmpty(0).Max()), program);
        ComponentGraph graph = new(shape.Layers, shape.Heads, parallelBlocks: false, shape.Width);
        CheckPlaces(places, components, graph);
        TruthCompiler truth = new(program, components);
        IReadOnlyList<KnownEdge> dataFlow = truth.DataFlow(graph);
        if (program.Output.Operation is ProgramOperation.Tokens or ProgramOperation.Indices)
        {
            throw json.NodeError(program.Output.Id, "is the output, but it is only an input passed on: no component computes it");
        }

        CheckStatedLayout(root, components);
        return new KnownLayout(
            shape,
            graph,
            components,
            InterchangeNodes(root, components),
            OutsideNodes(root, components, graph),
            Edges(root, "truth_edges_dataflow", graph, dataFlow, dataFlow),
            Edges(root, "truth_edges", graph, truth.Upstream(graph), dataFlow));
    }

    private Dictionary<string, string[]> Places(JsonElement root, IReadOnlyDictionary<string, string[]> compiled)
    {
        Dictionary<string, string[]> places = new(compiled, StringComparer.Ordinal);
        foreach (ProgramNode node in program.Nodes.Where(node => node.Components.Count > 0))
        {
            int parts = node.Operation == ProgramOperation.Tokens ? 1 : compiled.TryGetValue(node.Id, out string[]? own) ? own.Length : 0;
            if (node.Components.Count != parts)
            {
                throw json.NodeError(node.Id, $"names {node.Components.Count} components, but {(parts == 0 ? "lives in none" : $"needs {parts}")}");
            }

            places[node.Id] = [.. node.Components];
        }

        return places;
    }

    private void CheckPlaces(Dictionary<string, string[]> places, IReadOnlyList<LayoutComponent> components, ComponentGraph graph)
    {
        foreach (ProgramNode node in program.Nodes)
        {
            string[] names = places.GetValueOrDefault(node.Id, []);
            for (int i = 0; i < names.Length; i++)
            {
                bool isHead = LayoutCompiler.HasHead(node) && i == 0;
                if (graph.IndexOf(names[i]) < 0 || names[i][0] != (isHead ? 'a' : 'm'))
                {
                    throw json.NodeError(node.Id, $"is to live in '{names[i]}', which is no {(isHead ? "attention head" : "MLP")} of a model of {graph.Layers} layers and {graph.Heads} heads");
                }
            }
        }

        Dictionary<string, string> writer = new(StringComparer.Ordinal);
        foreach (LayoutComponent component in components)
        {
            if (component.Writes.Count > 1 && component.Component[0] == 'a')
            {
                throw json.NodeError(component.Writes[1], $"is to live in '{component.Component}', which already holds '{component.Writes[0]}'");
            }

            foreach (string variable in component.Writes.Where(variable => program.Variables.GetValueOrDefault(variable)?.Operation != ProgramOperation.Tokens))
            {
                writer[variable] = component.Component;
            }
        }

        foreach ((ProgramNode node, string place, int part) in program.Nodes.SelectMany(node => places.GetValueOrDefault(node.Id, []).Select((place, part) => (node, place, part))))
        {
            if (LayoutCompiler.Reads(program, node, part).FirstOrDefault(read => writer.TryGetValue(read.Variable, out string? source) && !graph.Contains(source, place)) is { } late)
            {
                throw json.NodeError(node.Id, $"is to live in '{place}', which cannot read '{late.Variable}' in '{writer[late.Variable]}'");
            }
        }
    }

    private void CheckStatedLayout(JsonElement root, IReadOnlyList<LayoutComponent> components)
    {
        if (ProgramJson.Optional(root, "layout") is not { } stated)
        {
            return;
        }

        JsonElement[] entries = json.List(stated, "'layout'", 4_096);
        foreach (JsonElement entry in entries)
        {
            json.RequireMembers(entry, "an entry of 'layout'", new HashSet<string> { "hl_component", "component", "kind", "writes", "reads" });
            string name = json.OptionalText(entry, "component") ?? throw json.Error("an entry of 'layout' has no 'component'");
            IEnumerable<string> writes = json.Texts(json.Member(entry, "writes"), $"what '{name}' writes", 256).Select(Variable);
            if (components.FirstOrDefault(component => component.Component == name) is not { } known || !writes.Order(StringComparer.Ordinal).SequenceEqual(known.Writes))
            {
                throw json.Error($"'layout' says something else about '{name}' than the nodes do");
            }
        }

        if (entries.Length != components.Count)
        {
            throw json.Error($"'layout' has {entries.Length} components, but the nodes live in {components.Count}");
        }
    }

    private InterchangeNode[] InterchangeNodes(JsonElement root, IReadOnlyList<LayoutComponent> components)
    {
        // The MLP of a selector width also writes the direction of its head, at the first position.
        ILookup<string, string> also = program.Nodes
            .Where(node => node.Operation == ProgramOperation.SelectorWidth)
            .SelectMany(node => components.Where(component => component.Writes.Contains(node.Id)).Select(component => (component.Component, Variable: LayoutCompiler.Reciprocal(node.Id))))
            .ToLookup(pair => pair.Component, pair => pair.Variable);
        InterchangeNode[] derived = [.. components.SelectMany(component =>
            component.Writes.Concat(also[component.Component]).Order(StringComparer.Ordinal).Select(variable => new InterchangeNode(component.Component, variable)))];
        if (ProgramJson.Optional(root, "hl_nodes") is not { } stated)
        {
            return derived;
        }

        List<InterchangeNode> nodes = [];
        foreach (JsonElement entry in json.List(stated, "'hl_nodes'", 4_096))
        {
            json.RequireMembers(entry, "an entry of 'hl_nodes'", new HashSet<string> { "component", "variable" });
            InterchangeNode node = new(json.Text(json.Member(entry, "component"), "'component' of 'hl_nodes'"), Variable(json.Text(json.Member(entry, "variable"), "'variable' of 'hl_nodes'")));
            nodes.Add(derived.Contains(node) ? node : throw json.Error($"'hl_nodes' has '{node.Component}' for '{node.Variable}', which it does not hold"));
        }

        return nodes.Count > 0 ? [.. nodes] : throw json.Error("'hl_nodes' is empty");
    }

    private string[] OutsideNodes(JsonElement root, IReadOnlyList<LayoutComponent> components, ComponentGraph graph)
    {
        string[] outside = [.. graph.Nodes
            .Where(node => node.Layer is not null && components.All(component => component.Component != node.Name))
            .Select(node => node.Name)];
        if (ProgramJson.Optional(root, "strict_nodes") is not { } stated)
        {
            return outside;
        }

        string[] nodes = json.Texts(stated, "'strict_nodes'", 4_096);
        return Array.Find(nodes, node => !outside.Contains(node)) is { } wrong
            ? throw json.Error($"'strict_nodes' has '{wrong}', which is in the circuit or not in the model")
            : [.. outside.Where(nodes.Contains)];
    }

    private IReadOnlyList<KnownEdge> Edges(JsonElement root, string member, ComponentGraph graph, IReadOnlyList<KnownEdge> derived, IReadOnlyList<KnownEdge> described)
    {
        if (ProgramJson.Optional(root, member) is not { } stated)
        {
            return derived;
        }

        List<KnownEdge> edges = [];
        foreach (JsonElement element in json.List(stated, $"'{member}'", 1 << 16))
        {
            string[] ends = json.Texts(element, $"an edge of '{member}'", 2);
            string source = ends.Length == 2 ? Node(ends[0]) : throw json.Error($"an edge of '{member}' has not two ends");
            string target = Node(ends[1]);
            if (!graph.Contains(source, target) || (source == TruthCompiler.InputName && target == TruthCompiler.OutputName) || edges.Exists(edge => edge.Source == source && edge.Target == target))
            {
                throw json.Error($"'{member}' has the edge from '{ends[0]}' to '{ends[1]}', which is no candidate edge or stands there twice");
            }

            edges.Add(described.FirstOrDefault(edge => edge.Source == source && edge.Target == target) ?? new KnownEdge(source, target, [], true));
        }

        return [.. edges.OrderBy(edge => graph.IndexOf(edge.Target)).ThenBy(edge => graph.IndexOf(edge.Source))];
    }

    private static string Node(string name) => name switch
    {
        "embed" => TruthCompiler.InputName,
        "out" => TruthCompiler.OutputName,
        _ => name,
    };

    // A variable's name may be followed by an explanation in brackets; the name itself may hold brackets, but no space before one.
    private string Variable(string text)
    {
        string name = text.Split(" (")[0];
        return name == AllNodes ? program.Nodes.FirstOrDefault(node => node.Operation == ProgramOperation.Tokens)?.Id ?? name : name;
    }
}
