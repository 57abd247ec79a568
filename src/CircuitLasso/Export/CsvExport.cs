using CsvHelper;

namespace CircuitLasso;

/// <summary>One row an edge, candidates included.</summary>
internal sealed class CsvExport : ICircuitExport
{
    private static readonly string[] _columns = ["source", "target", "weight", "in_circuit", "norm", "enters_at_lambda", "stability", "source_label", "target_label", "effect", "effect_rows"];

    public string Name => "csv";

    public string Description => "one row an edge, candidates included, for spreadsheets and data frames";

    public void Write(Circuit circuit, Stream stream)
    {
        using CsvWriter writer = CsvWriter.Create(stream, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true);
        writer.WriteHeader(_columns);
        foreach (CircuitEdge edge in circuit.Edges)
        {
            writer.WriteField(edge.Source);
            writer.WriteField(edge.Target);
            writer.WriteField(edge.Weight);
            writer.WriteField(edge.InCircuit ? "1" : "0");
            writer.WriteField(edge.Norm);
            writer.WriteField(edge.EntersAtLambda);
            writer.WriteField(edge.Stability);
            writer.WriteField(circuit[edge.Source].Label);
            writer.WriteField(circuit[edge.Target].Label);
            writer.WriteField(edge.Effect?.Share);
            writer.WriteField((double?)edge.Effect?.Rows);
            writer.EndRecord();
        }
    }
}
