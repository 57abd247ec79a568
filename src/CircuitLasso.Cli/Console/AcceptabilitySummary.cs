using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>cola</c> prints.</summary>
internal sealed class AcceptabilitySummary(AcceptabilityResult result)
{
    internal void WriteText(TextWriter output, CommandConsole console)
    {
        TerminalTable stages = new("Parts", ("part", false), ("seconds", true), (string.Empty, false));
        foreach (ExperimentStage stage in result.Stages)
        {
            stages.Add(stage.Name, TerminalTable.Cell(stage.Seconds, "0.0"), stage.Kept ? "kept" : string.Empty);
        }

        stages.Write(output, console);
        TerminalTable found = new(
            string.Create(CultureInfo.InvariantCulture, $"Circuits, of {result.Rows:N0} sentences"),
            ("target", false), ("held out", true), ("shuffled", true), ("features", true), ("edges", true), ("chains", true), ("merges", true), ("drops", true), ("spurious", true), ("faithfulness", true), ("random", true));
        foreach (AcceptabilityCircuit circuit in result.Circuits)
        {
            (string name, double value, double shuffled) = AcceptabilityCircuit.HeldOut(circuit.Circuit);
            found.Add(
                circuit.Predictable ? circuit.Target : circuit.Target + " (not predictable)", $"{name} {TerminalTable.Cell(value, "0.000")}", TerminalTable.Cell(shuffled, "0.000"), Number(AcceptabilityCircuit.Features(circuit.Circuit)), Number(Edges(circuit.Circuit)),
                Number(circuit.Phenomena.Chains.Count), Number(circuit.Phenomena.Merges.Count), Number(circuit.Phenomena.Drops.Count), Number(circuit.Phenomena.SpuriousPairs.Count),
                TerminalTable.Cell(Metric(circuit.Circuit, "task_faithfulness"), "0.000"), TerminalTable.Cell(Metric(circuit.Circuit, "task_faithfulness_random"), "0.000"));
        }

        found.Write(output, console);
        if (result.Circuits.Any(circuit => circuit.Curve.Count > 0))
        {
            TerminalTable curve = new("Over lambda", ("target", false), ("share of the largest", true), ("features", true), ("edges", true), ("held out", true), ("seconds", true), ("faithfulness", true));
            foreach ((AcceptabilityCircuit circuit, LambdaPoint point) in result.Circuits.SelectMany(circuit => circuit.Curve.Select(point => (circuit, point))))
            {
                curve.Add(
                    circuit.Target, TerminalTable.Cell(point.Ratio, "G3"), Number(AcceptabilityCircuit.Features(point.Circuit)), Number(Edges(point.Circuit)), TerminalTable.Cell(AcceptabilityCircuit.HeldOut(point.Circuit).Value, "0.000"),
                    TerminalTable.Cell(point.Seconds, "0.0"), TerminalTable.Cell(Metric(point.Circuit, "task_faithfulness"), "0.000"));
            }

            curve.Write(output, console);
        }

        foreach ((string name, Circuit circuit) in result.Circuits.SelectMany(circuit => circuit.Curve.Select(point => (string.Create(CultureInfo.InvariantCulture, $"{circuit.Target} at {point.Ratio:G3}"), point.Circuit)).Prepend((circuit.Target, circuit.Circuit))))
        {
            if (Metric(circuit, "label_texts") is { } texts)
            {
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"readout of {name}: right on {TerminalTable.Cell(Metric(circuit, "label_right"), "0.0 %")} of {texts} other sentences; faithfulness {TerminalTable.Cell(Metric(circuit, "label_faithfulness"), "0.000")}, as many at random {TerminalTable.Cell(Metric(circuit, "label_faithfulness_random"), "0.000")}, completeness {TerminalTable.Cell(Metric(circuit, "label_completeness"), "0.000")}"));
            }
        }

        foreach ((AcceptabilityCircuit circuit, ExperimentControl control) in result.Circuits.SelectMany(circuit => circuit.Controls.Select(control => (circuit, control))))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"control, {control.Name}: of {circuit.Target} {control.Survival.SurvivingFeatures} of {control.Survival.Features} features and {control.Survival.SurvivingEdges} of {control.Survival.Edges} edges survive; {AcceptabilityCircuit.Features(control.Circuit)} features and {Edges(control.Circuit)} edges there{(control.Circuit.Metrics["target_predictable"] == 1 ? string.Empty : ", where it is not predictable")}"));
        }

        output.WriteLine($"report: {Path.GetFullPath(result.Report)} (open it in a browser)");
    }

    internal void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("report", result.Report);
        json.WriteNumber("sentences", result.Rows);
        json.WriteStartObject("active_features");
        foreach ((string site, double features) in result.ActiveFeatures)
        {
            json.WriteNumber(site, features);
        }

        json.WriteEndObject();
        json.WriteStartArray("stages");
        foreach (ExperimentStage stage in result.Stages)
        {
            json.WriteStartObject();
            json.WriteString("stage", stage.Name);
            json.WriteNumber("seconds", stage.Seconds);
            json.WriteBoolean("kept", stage.Kept);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("circuits");
        foreach (AcceptabilityCircuit circuit in result.Circuits)
        {
            json.WriteStartObject();
            json.WriteString("target", circuit.Target);
            json.WriteString("circuit", circuit.File);
            json.WriteNumber("chains", circuit.Phenomena.Chains.Count);
            json.WriteNumber("merges", circuit.Phenomena.Merges.Count);
            json.WriteNumber("drops", circuit.Phenomena.Drops.Count);
            json.WriteNumber("spurious_pairs", circuit.Phenomena.SpuriousPairs.Count);
            WriteCircuit(json, circuit.Circuit);
            json.WriteStartArray("curve");
            foreach (LambdaPoint point in circuit.Curve)
            {
                json.WriteStartObject();
                json.WriteNumber("lambda_ratio", point.Ratio);
                json.WriteNumber("seconds", point.Seconds);
                WriteCircuit(json, point.Circuit);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("controls");
            foreach (ExperimentControl control in circuit.Controls)
            {
                json.WriteStartObject();
                json.WriteString("control", control.Name);
                json.WriteNumber("surviving_features", control.Survival.SurvivingFeatures);
                json.WriteNumber("surviving_edges", control.Survival.SurvivingEdges);
                WriteCircuit(json, control.Circuit);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCircuit(Utf8JsonWriter json, Circuit circuit)
    {
        json.WriteNumber("features", AcceptabilityCircuit.Features(circuit));
        json.WriteNumber("edges", Edges(circuit));
        json.WriteStartObject("metrics");
        foreach ((string name, double value) in circuit.Metrics)
        {
            json.WriteNumber(name, value);
        }

        json.WriteEndObject();
    }

    private static int Edges(Circuit circuit) => circuit.Edges.Count(edge => edge.InCircuit);

    private static double? Metric(Circuit circuit, string name) => circuit.Metrics.TryGetValue(name, out double value) ? value : null;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
