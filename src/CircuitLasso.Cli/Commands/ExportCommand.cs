using System.CommandLine;
using System.IO.Compression;

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

    private readonly NeuronpediaArguments _neuronpedia = new();

    /// <summary>Creates the command.</summary>
    internal ExportCommand()
        : base("export", "Write a circuit in another program's format.")
    {
        Add(_circuit);
        Add(_format);
        Add(_out);
        _neuronpedia.AddTo(this);
    }

    /// <inheritdoc/>
    internal override int Run(ParseResult options, CommandContext context)
    {
        ICircuitExport export = CircuitExports.Find(options.GetRequiredValue(_format));
        string path = options.GetRequiredValue(_out);
        string source = options.GetRequiredValue(_circuit);
        bool hasIndex = _neuronpedia.HasIndex(options);
        NeuronpediaGraphOptions? graph = null;
        if (export is NeuronpediaExport)
        {
            graph = _neuronpedia.Read(options, path, context);
            export = new NeuronpediaExport(graph);
            path = hasIndex ? Path.Combine(Path.GetDirectoryName(path) ?? string.Empty, graph.Slug + ".json") : path;
        }
        else
        {
            _neuronpedia.RequireNone(options);
        }

        OutputFile.Require(path, source);
        Circuit circuit = CircuitFile.Read(source);
        context.Cancellation.ThrowIfCancellationRequested();
        if (hasIndex)
        {
            NeuronpediaGraphIndex.WriteGraph(circuit, graph!, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        else
        {
            CircuitExports.WriteFile(circuit, export, path);
        }

        if (graph is not null)
        {
            WarnOfUpload(path, context);
        }

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

    // Neuronpedia takes graphs compressed with gzip, and none that is very small or very large.
    private static void WarnOfUpload(string path, CommandContext context)
    {
        using CountingStream compressed = new();
        using (FileStream file = File.OpenRead(path))
        using (GZipStream gzip = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            file.CopyTo(gzip);
        }

        if (compressed.Length is < NeuronpediaExport.SmallestUpload or > NeuronpediaExport.LargestUpload)
        {
            context.Message(FormattableString.Invariant(
                $"{path} has {compressed.Length} bytes compressed with gzip; Neuronpedia takes uploads of {NeuronpediaExport.SmallestUpload} to {NeuronpediaExport.LargestUpload} bytes. Viewers of one's own read it all the same."));
        }
    }
}
