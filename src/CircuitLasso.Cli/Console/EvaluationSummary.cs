using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>evaluate</c> prints of its result.</summary>
/// <param name="file">The circuit's file.</param>
/// <param name="task">The task, which asks for logit differences.</param>
/// <param name="ablation">What stands in the place of what is taken out.</param>
/// <param name="circuit">The circuit, its edges whole.</param>
/// <param name="edges">By ablation of edges.</param>
/// <param name="nodes">By ablation of nodes.</param>
/// <param name="absolute">The curve by absolute scores.</param>
/// <param name="signed">The curve by signed scores.</param>
internal sealed class EvaluationSummary(
    string file, DiscoveryTask task, AblationValue ablation, ComponentDiscovery circuit, CircuitEvaluation edges, CircuitEvaluation nodes, CircuitCurve absolute, CircuitCurve signed)
{
    // What rounds to zero has no sign.
    private const string Share = "0.000;-0.000;0.000";

    internal void WriteText(TextWriter output, CommandConsole console)
    {
        TerminalTable shares = new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Logit difference on {task.Name}, {task.Count} pairs; {circuit.InCircuit.Count(inside => inside)} of {circuit.InCircuit.Count} edges in the circuit; {Name(ablation)} ablation"),
            ("ablated", false), ("model", true), ("circuit alone", true), ("without circuit", true), ("nothing", true), ("faithfulness", true), ("completeness", true));
        foreach ((string name, CircuitEvaluation of) in (IEnumerable<(string, CircuitEvaluation)>)[("edges", edges), ("nodes", nodes)])
        {
            // The loss is the negative logit difference.
            shares.Add([
                name, .. new[] { of.ModelLoss, of.CircuitLoss, of.ComplementLoss, of.EmptyLoss }.Select(loss => TerminalTable.Cell(-loss, Share)),
                TerminalTable.Cell(of.Faithfulness, Share), TerminalTable.Cell(of.Completeness, Share)]);
        }

        shares.Write(output, console);
        TerminalTable curve = new(
            "Faithfulness of growing circuits, the largest scores first",
            ("share of edges", true), ("edges by |score|", true), ("faithfulness", true), ("edges by score", true), ("faithfulness", true));
        foreach ((CircuitCurvePoint by, CircuitCurvePoint bySign) in absolute.Points.Zip(signed.Points))
        {
            curve.Add(
                TerminalTable.Cell(by.Fraction, Share), TerminalTable.Cell(by.Edges, "0"), TerminalTable.Cell(by.Faithfulness, Share),
                TerminalTable.Cell(bySign.Edges, "0"), TerminalTable.Cell(bySign.Faithfulness, Share));
        }

        output.WriteLine();
        curve.Write(output, console);
        output.WriteLine();
        output.WriteLine($"CPR {TerminalTable.Cell(signed.Cpr, Share)} by score, {TerminalTable.Cell(absolute.Cpr, Share)} by |score|; larger is better");
        output.WriteLine($"CMD {TerminalTable.Cell(absolute.Cmd, Share)} by |score|, {TerminalTable.Cell(signed.Cmd, Share)} by score; smaller is better");
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("circuit", file);
        json.WriteString("task", task.Name);
        json.WriteNumber("pairs", task.Count);
        json.WriteString("ablation", Name(ablation));
        json.WriteNumber("candidate_edges", circuit.InCircuit.Count);
        json.WriteNumber("circuit_edges", circuit.InCircuit.Count(inside => inside));
        Write(json, "edges", edges);
        Write(json, "nodes", nodes);
        Write(json, "by_absolute_score", absolute);
        Write(json, "by_score", signed);
    }

    private static void Write(Utf8JsonWriter json, string name, CircuitEvaluation evaluation)
    {
        json.WriteStartObject(name);
        WriteFinite(json, "loss_model", evaluation.ModelLoss);
        WriteFinite(json, "loss_circuit", evaluation.CircuitLoss);
        WriteFinite(json, "loss_without_circuit", evaluation.ComplementLoss);
        WriteFinite(json, "loss_nothing", evaluation.EmptyLoss);
        WriteFinite(json, "faithfulness", evaluation.Faithfulness);
        WriteFinite(json, "completeness", evaluation.Completeness);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, CircuitCurve curve)
    {
        json.WriteStartObject(name);
        WriteFinite(json, "cpr", curve.Cpr);
        WriteFinite(json, "cmd", curve.Cmd);
        json.WriteStartArray("points");
        foreach (CircuitCurvePoint point in curve.Points)
        {
            json.WriteStartObject();
            json.WriteNumber("fraction", point.Fraction);
            json.WriteNumber("edges", point.Edges);
            WriteFinite(json, "faithfulness", point.Faithfulness);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // JSON has no NaN, which a share is where the model does no better than nothing.
    private static void WriteFinite(Utf8JsonWriter json, string name, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Name(AblationValue ablation) => ablation.ToString().ToLowerInvariant();
}
