using System.Globalization;
using Spectre.Console;

namespace CircuitLasso.Cli;

/// <summary>A circuit as tables and a tree for the terminal.</summary>
/// <param name="circuit">The circuit.</param>
/// <param name="count">How many edges, nodes and branches at most.</param>
internal sealed class CircuitTables(Circuit circuit, int count)
{
    private const int ShownExamples = 3;
    private const int ShownCoefficients = 5;
    private readonly IReadOnlyDictionary<CircuitEdge, double> _shares = StrongestPaths.Shares(circuit);

    /// <summary>The circuit's edges, largest |weight| first; equal ones in computation order.</summary>
    internal static IEnumerable<CircuitEdge> Strongest(Circuit circuit, int count) =>
        circuit.Edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight)).Take(count);

    /// <summary>Writes it.</summary>
    internal void Write(TextWriter output, CommandConsole console)
    {
        IAnsiConsole ansi = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = console.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = console.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        ansi.Profile.Width = console.Width;
        IReadOnlyList<string> inCircuit = circuit.NodesInCircuit();
        int edges = circuit.Edges.Count(edge => edge.InCircuit);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Circuit for {circuit.Target.Name}: {inCircuit.Count} of {circuit.Nodes.Count} nodes, {edges} of {circuit.Edges.Count} candidate edges."));
        if (circuit.Metrics.Count > 0)
        {
            output.WriteLine(string.Join("   ", circuit.Metrics.Select(metric => $"{metric.Key} {Short(metric.Value)}")));
        }

        if (edges == 0)
        {
            output.WriteLine("No edge is in the circuit: none was chosen, or none of those chosen lies on a path to the target.");
            return;
        }

        output.WriteLine();
        ansi.Write(Nodes(inCircuit));
        output.WriteLine();
        ansi.Write(Edges(edges));
        WriteCoefficients(output);
        output.WriteLine();
        ansi.Write(Tree());
        WriteFeatures(output, inCircuit);
    }

    // The largest of what stands behind an edge that has more than one coefficient.
    private void WriteCoefficients(TextWriter output)
    {
        ILookup<(string, string), EdgeCoefficient> coefficients = circuit.Coefficients.ToLookup(coefficient => (coefficient.Source, coefficient.Target));
        foreach (CircuitEdge edge in Strongest(circuit, count).Where(edge => coefficients.Contains((edge.Source, edge.Target))))
        {
            EdgeCoefficient[] own = [.. coefficients[(edge.Source, edge.Target)]];
            bool hasOutputs = Array.Exists(own, coefficient => coefficient.Output > 0);
            string largest = string.Join(", ", own.OrderByDescending(coefficient => Math.Abs(coefficient.Value)).Take(ShownCoefficients).Select(coefficient =>
                $"{Short(coefficient.Value)} of {(circuit[edge.Source].Kind == CircuitNodeKind.Error ? $"coordinate {coefficient.Coordinate}" : "the feature")}{(hasOutputs ? $" into class {coefficient.Output}" : string.Empty)}"));
            output.WriteLine(Plain(string.Create(CultureInfo.InvariantCulture, $"{edge.Source} -> {edge.Target}: {own.Length} coefficients; {largest}"), 240));
        }
    }

    // What is known of features beside their labels: frequency, tokens, the strongest example with the tokens that fire in brackets, and the page.
    private void WriteFeatures(TextWriter output, IReadOnlyList<string> inCircuit)
    {
        Dictionary<string, FeatureProfile> profiles = circuit.Profiles.ToDictionary(profile => profile.Node);
        ILookup<string, CircuitExample> examples = circuit.Examples.ToLookup(example => example.Node);
        string[] known = [.. inCircuit.Where(name => profiles.ContainsKey(name) || examples.Contains(name)).OrderByDescending(name => circuit[name].Relevance).Take(count)];
        foreach (string name in known)
        {
            output.WriteLine();
            output.WriteLine(Plain(circuit[name].Label is { } label ? $"{name}: {label}" : name, 200));
            if (profiles.TryGetValue(name, out FeatureProfile? profile))
            {
                WriteProfile(output, profile);
            }

            foreach (CircuitExample example in examples[name].Take(ShownExamples))
            {
                output.WriteLine($"  {Short(example.Value),8}  {Plain(FeatureText.Marked(example), 160)}");
            }

            if (FeatureNaming.PageOf(circuit, name) is { } page)
            {
                output.WriteLine("  " + page);
            }
        }
    }

    private static void WriteProfile(TextWriter output, FeatureProfile profile)
    {
        if (profile.Rows > 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  active on {profile.Frequency * 100:G3}% of {profile.Rows:N0} rows, largest {Short(profile.Maximum)}   {FeatureText.Bars(profile.Histogram)}"));
        }

        if (profile.Promoted.Count > 0)
        {
            output.WriteLine("  promotes " + Plain(string.Join(' ', profile.Promoted.Select(token => FeatureText.Quoted(token.Token))), 160));
        }

        if (profile.Suppressed.Count > 0)
        {
            output.WriteLine("  suppresses " + Plain(string.Join(' ', profile.Suppressed.Select(token => FeatureText.Quoted(token.Token))), 160));
        }
    }

    private static string Heading(string what, int shown, int all, string order) => shown < all
        ? string.Create(CultureInfo.InvariantCulture, $"{what}: the {shown} {order} of {all}")
        : what;

    private static string Short(double number) => number.ToString("G4", CultureInfo.InvariantCulture);

    private static string Short(double? number) => number is { } value ? Short(value) : string.Empty;

    private static string Count(IEnumerable<CircuitEdge> edges) => edges.Count().ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1}%");

    private static string Safe(string? text, int length = 60) => Markup.Escape(Plain(text ?? string.Empty, length));

    private static string Plain(string text, int length)
    {
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= length ? line : line[..(length - 1)] + "…";
    }

    private static Table Columns(string title, params (string Name, bool IsNumber)[] columns)
    {
        Table table = new() { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };
        foreach ((string name, bool isNumber) in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(name)) { Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = isNumber });
        }

        return table;
    }

    private Table Nodes(IReadOnlyList<string> inCircuit)
    {
        HashSet<string> shown = [.. inCircuit.Select(name => circuit[name]).OrderByDescending(node => node.Relevance).Take(count).Select(node => node.Name)];
        CircuitNode[] nodes = [.. inCircuit.Where(shown.Contains).Select(name => circuit[name])];
        bool hasExplained = Array.Exists(nodes, node => node.Explained is not null);
        bool hasLabel = Array.Exists(nodes, node => node.Label is not null);
        List<(string, bool)> columns = [("node", false), ("relevance", true), ("reads", true), ("read by", true)];
        columns.AddRange(hasExplained ? [("explained", true)] : []);
        columns.AddRange(hasLabel ? [("label", false)] : []);
        Table table = Columns(Heading("Nodes in computation order", shown.Count, inCircuit.Count, "most relevant"), [.. columns]);
        ILookup<string, CircuitEdge> incoming = circuit.Edges.Where(edge => edge.InCircuit).ToLookup(edge => edge.Target);
        ILookup<string, CircuitEdge> outgoing = circuit.Edges.Where(edge => edge.InCircuit).ToLookup(edge => edge.Source);
        foreach (CircuitNode node in nodes)
        {
            List<string> row = [Safe(node.Name), Percent(node.Relevance), Count(incoming[node.Name]), Count(outgoing[node.Name])];
            row.AddRange(hasExplained ? [node.Explained is { } explained ? Percent(explained) : string.Empty] : []);
            row.AddRange(hasLabel ? [Safe(node.Label)] : []);
            table.AddRow([.. row]);
        }

        return table;
    }

    private Table Edges(int all)
    {
        CircuitEdge[] strongest = [.. Strongest(circuit, count)];
        bool hasLambda = strongest.Any(edge => edge.EntersAtLambda is not null);
        bool hasStability = strongest.Any(edge => edge.Stability is not null), hasEffect = strongest.Any(edge => edge.Effect is not null);
        List<(string, bool)> columns = [("source", false), ("target", false), ("weight", true), ("share of target", true)];
        columns.AddRange(hasLambda ? [("enters at lambda", true)] : []);
        columns.AddRange(hasStability ? [("stability", true)] : []);
        columns.AddRange(hasEffect ? [("effect of ablation", true)] : []);
        Table table = Columns(Heading("Edges", strongest.Length, all, "strongest"), [.. columns]);
        foreach (CircuitEdge edge in strongest)
        {
            List<string> row = [Safe(edge.Source), Safe(edge.Target), Short(edge.Weight), Percent(_shares[edge])];
            row.AddRange(hasLambda ? [Short(edge.EntersAtLambda)] : []);
            row.AddRange(hasStability ? [Short(edge.Stability)] : []);
            row.AddRange(hasEffect ? [edge.Effect is { } effect ? Percent(effect.Share) : string.Empty] : []);
            table.AddRow([.. row]);
        }

        return table;
    }

    // The strongest branch is opened first, wherever in the tree it is, so that the branches shown are the strongest of all.
    private Tree Tree()
    {
        ILookup<string, CircuitEdge> incoming = circuit.Edges.Where(edge => edge.InCircuit && edge.Weight != 0).ToLookup(edge => edge.Target);
        Tree tree = new(Safe(circuit.Target.Name) + " reads");
        PriorityQueue<(CircuitEdge Edge, IHasTreeNodes Parent, double Strength), (double, int)> open = new();
        int order = 0;
        void Open(string name, IHasTreeNodes parent, double strength)
        {
            foreach (CircuitEdge edge in incoming[name])
            {
                double through = strength * _shares[edge];
                open.Enqueue((edge, parent, through), (-through, order++));
            }
        }

        Open(circuit.Target.Name, tree, 1);
        for (int shown = 0; shown < count && open.TryDequeue(out (CircuitEdge Edge, IHasTreeNodes Parent, double Strength) branch, out _); shown++)
        {
            TreeNode node = branch.Parent.AddNode($"{Safe(branch.Edge.Source)}  {Percent(branch.Strength)}");
            Open(branch.Edge.Source, node, branch.Strength);
        }

        return tree;
    }
}
