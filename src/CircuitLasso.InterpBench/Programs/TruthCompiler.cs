namespace CircuitLasso.InterpBench;

/// <summary>Derives the edges of a known circuit from what its components write and read.</summary>
internal sealed class TruthCompiler
{
    internal const string InputName = "input";
    internal const string OutputName = "logits";

    // The two embeddings are one component but two nodes of upstream's graph, which matters to its rule of predecessors.
    private const string Tokens = "input:tokens";
    private const string Positions = "input:positions";

    private readonly CheckedProgram _program;
    private readonly IReadOnlyList<LayoutComponent> _layout;
    private readonly Dictionary<string, List<string>> _writers = new(StringComparer.Ordinal);
    private readonly HashSet<(string Source, string Target)> _reading = [];

    public TruthCompiler(CheckedProgram program, IReadOnlyList<LayoutComponent> layout)
    {
        _program = program;
        _layout = layout;
        foreach (ProgramVariable variable in program.Variables.Values)
        {
            _writers[variable.Id] = variable.Operation switch
            {
                ProgramOperation.Tokens => [Tokens],
                ProgramOperation.Indices => [Positions],
                _ => [],
            };
        }

        foreach (LayoutComponent component in layout)
        {
            foreach (string variable in component.Writes)
            {
                _writers.TryAdd(variable, []);
                _writers[variable].Add(component.Component);
            }
        }

        foreach (LayoutComponent component in layout)
        {
            _reading.UnionWith(component.Reads.SelectMany(read => Sources(component, read)).Select(source => (source, component.Component)));
        }
    }

    /// <summary>Every edge through which a component reads something.</summary>
    public IReadOnlyList<KnownEdge> DataFlow(ComponentGraph graph) =>
        Edges(graph, _layout.SelectMany(component => component.Reads.SelectMany(read => Sources(component, read).Select(source => (source, component.Component, read)))));

    /// <summary>
    /// The edges by InterpBench's own rule: within what one input of a component reads, a source that is a direct predecessor of another source is
    /// dropped; and a component that holds a copy of the tokens has no edge from the embedding.
    /// </summary>
    public IReadOnlyList<KnownEdge> Upstream(ComponentGraph graph)
    {
        List<(string, string, ComponentRead)> reads = [];
        foreach (LayoutComponent component in _layout)
        {
            foreach (IGrouping<ReadRole, ComponentRead> input in component.Reads.GroupBy(read => read.Role))
            {
                (string Source, ComponentRead Read)[] sources = [.. input.SelectMany(read => Sources(component, read).Select(source => (source, read)))];
                reads.AddRange(sources
                    .Where(pair => !component.Writes.Contains(pair.Read.Variable))
                    .Where(pair => input.Key == ReadRole.Any || !Array.Exists(sources, other => _reading.Contains((pair.Source, other.Source))))
                    .Select(pair => (pair.Source, component.Component, pair.Read)));
            }
        }

        return Edges(graph, reads);
    }

    private IEnumerable<string> Sources(LayoutComponent component, ComponentRead read) => _writers[read.Variable].Where(writer => writer != component.Component);

    private List<KnownEdge> Edges(ComponentGraph graph, IEnumerable<(string Source, string Target, ComponentRead Read)> reads)
    {
        ComponentRead output = new(ReadRole.Unembedding, _program.Output.Id, _program.Output.VariesWithTokens);
        return [.. reads
            .Concat(_writers[_program.Output.Id].Select(writer => (Source: writer, Target: OutputName, Read: output)))
            .GroupBy(edge => (Source: edge.Source is Tokens or Positions ? InputName : edge.Source, edge.Target))
            .OrderBy(edge => graph.IndexOf(edge.Key.Target)).ThenBy(edge => graph.IndexOf(edge.Key.Source))
            .Select(edge => new KnownEdge(
                edge.Key.Source, edge.Key.Target, [.. edge.Select(item => item.Read)], edge.Any(item => item.Read.VariesWithTokens)))];
    }
}
