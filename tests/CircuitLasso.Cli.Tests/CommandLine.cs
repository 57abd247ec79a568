namespace CircuitLasso.Cli.Tests;

/// <summary>Runs command lines in this process and keeps what they print.</summary>
internal static class CommandLine
{
    internal static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = CommandLineApplication.Run(arguments, output, error, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>With environment variables of the test's own, and no others.</summary>
    internal static (int ExitCode, string Output, string Error) Run(IReadOnlyDictionary<string, string> variables, CancellationToken cancellation, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = CommandLineApplication.Run(arguments, new CommandConsole(output, error) { Variable = name => variables.GetValueOrDefault(name) }, cancellation);
        return (exitCode, output.ToString(), error.ToString());
    }

    internal static (int ExitCode, string Output, string Error) Run(ToolCommand command, CancellationToken cancellation, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = CommandLineApplication.Run([command.Name, .. arguments], new CommandConsole(output, error), [(null, command)], cancellation);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>A circuit of three layers with one strong path, some weak edges and many candidates.</summary>
    internal static Circuit SampleCircuit()
    {
        ComponentGraph graph = new(2, 2, parallelBlocks: false, 8);
        Dictionary<(string, string), double> strong = new()
        {
            [("input", "a0.h1")] = 0.5,
            [("a0.h1", "m0")] = -0.25,
            [("m0", "a1.h0")] = 0.75,
            [("a1.h0", "logits")] = 1.5,
            [("m0", "logits")] = 0.5,
        };
        return new Circuit(
            graph.Nodes.Select(node => node.ToCircuitNode() with { Relevance = 0.5, Label = node.Name == "a1.h0" ? "head [noun]" : null }),
            graph.Edges.Select(edge => (graph.Nodes[edge.Source].Name, graph.Nodes[edge.Target].Name))
                .Select(edge => new CircuitEdge(edge.Item1, edge.Item2, strong.GetValueOrDefault(edge, 0.125)) { InCircuit = strong.ContainsKey(edge), EntersAtLambda = 12.5 }))
        {
            Components = graph,
            Metrics = new Dictionary<string, double> { ["r2"] = 0.875 },
            Provenance = new Dictionary<string, string> { ["text"] = "sha256:0123" },
        };
    }
}
