using System.CommandLine;
using System.Globalization;
using CircuitLasso.InterpBench;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>model convert</c>.</summary>
internal sealed class ModelConvertCommand : ToolCommand
{
    private const string EdgesName = "edges.pkl";
    private const string TruthName = "truth.json";

    private readonly Argument<string> _source = new("SOURCE")
    {
        Description = "A Hugging Face folder with pytorch_model.bin or its shards; a folder of InterpBench with ll_model.pth and ll_model_cfg.pkl; or a TransformerLens .pth file.",
    };

    private readonly Option<string> _out = new("--out") { Description = "The folder to write: a new or an empty one.", HelpName = "DIR", Required = true };

    private readonly Option<string?> _configuration = new("--config")
    {
        Description = "The pickled configuration of a TransformerLens model [default: ll_model_cfg.pkl beside the weights or in the folder above].",
        HelpName = "FILE",
    };

    internal ModelConvertCommand()
        : base(
            "convert",
            "Write a model that is stored as torch files as model.safetensors and config.json, which the other commands read.\n\n"
            + "The torch files are read without running anything in them. Tensors keep their names and types; the tokenizer's files are copied. InterpBench's edges.pkl beside the weights becomes "
            + TruthName + ", the known circuit in EAP-IG's format, which evaluate reads.")
    {
        Add(_source);
        Add(_out);
        Add(_configuration);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string source = options.GetRequiredValue(_source);
        string folder = options.GetRequiredValue(_out);
        using AtomicFolder output = new(folder);
        TorchConversionResult result;
        using (ProgressReport progress = context.StartProgress())
        {
            result = TorchConversion.Convert(source, options.GetValue(_configuration), output.TemporaryPath, progress, context.Cancellation);
        }

        string edges = Path.Combine(File.Exists(source) ? Path.GetDirectoryName(Path.GetFullPath(source))! : source, EdgesName);
        int? trueEdges = null;
        if (File.Exists(edges))
        {
            ModelDescription description = result.Description;
            ComponentDiscovery truth = PublishedEdges.Read(edges, new ComponentGraph(description.Layers, description.Attention.Heads, description.ParallelSublayers, description.Width));
            CircuitExports.WriteFile(truth.ToCircuit(), CircuitExports.Find("eap-ig"), Path.Combine(output.TemporaryPath, TruthName));
            trueEdges = truth.InCircuit.Count(isInside => isInside);
        }

        output.Commit();
        if (result.LeftOut is [var first, ..])
        {
            context.Message($"left out {result.LeftOut.Count} tensors that are no parameters of their own ({first}{(result.LeftOut.Count > 1 ? ", ..." : string.Empty)})");
        }

        context.Print(
            text =>
            {
                text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{folder}: {result.Description.Family}, {result.Tensors} tensors, {result.Bytes:N0} bytes"));
                text.WriteLine(result.TokenizerFiles.Count == 0 ? "no tokenizer beside the weights" : "copied " + string.Join(", ", result.TokenizerFiles));
                if (trueEdges is not null)
                {
                    text.WriteLine($"{TruthName}: the known circuit, {trueEdges} edges");
                }
            },
            json =>
            {
                json.WriteString("out", folder);
                json.WriteString("family", result.Description.Family);
                json.WriteNumber("tensors", result.Tensors);
                json.WriteNumber("bytes", result.Bytes);
                WriteList("left_out", result.LeftOut);
                WriteList("tokenizer_files", result.TokenizerFiles);
                if (trueEdges is { } count)
                {
                    json.WriteNumber("true_edges", count);
                }

                void WriteList(string name, IReadOnlyList<string> items)
                {
                    json.WriteStartArray(name);
                    foreach (string item in items)
                    {
                        json.WriteStringValue(item);
                    }

                    json.WriteEndArray();
                }
            });
        return ExitCode.Done;
    }
}
