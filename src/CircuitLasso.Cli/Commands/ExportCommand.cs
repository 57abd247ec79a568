using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso export</c>.</summary>
internal sealed class ExportCommand : ToolCommand
{
    private readonly Option<string> _circuit = new("--circuit") { Description = "The circuit file to hand on.", HelpName = "FILE.circuit", Required = true };
    private readonly Option<string> _out = new("--out") { Description = "The file to write; an older one is replaced.", HelpName = "FILE", Required = true };

    private readonly Option<string> _format = new("--format")
    {
        Description = "One of:\n" + string.Join("\n", CircuitExports.All.Select(export => $"{export.Name}: {export.Description}")),
        HelpName = "NAME",
        Required = true,
    };

    /// <summary>Creates the command.</summary>
    internal ExportCommand()
        : base("export", "Write a circuit in another program's format.")
    {
        Add(_circuit);
        Add(_format);
        Add(_out);
    }

    /// <inheritdoc/>
    internal override int Run(ParseResult options, CommandContext context)
    {
        ICircuitExport export = CircuitExports.Find(options.GetRequiredValue(_format));
        string path = options.GetRequiredValue(_out);
        string source = options.GetRequiredValue(_circuit);
        OutputFile.Require(path, source);
        Circuit circuit = CircuitFile.Read(source);
        context.Cancellation.ThrowIfCancellationRequested();
        CircuitExports.WriteFile(circuit, export, path);
        long bytes = new FileInfo(path).Length;
        context.Print(
            text => text.WriteLine(FormattableString.Invariant($"{path}: {export.Name}, {circuit.Nodes.Count} nodes, {circuit.Edges.Count} edges, {bytes} bytes")),
            json =>
            {
                json.WriteString("out", path);
                json.WriteString("format", export.Name);
                json.WriteNumber("nodes", circuit.Nodes.Count);
                json.WriteNumber("edges", circuit.Edges.Count);
                json.WriteNumber("bytes", bytes);
            });
        return ExitCode.Done;
    }
}
