using System.Globalization;
using System.Text.RegularExpressions;
using CsvHelper;

namespace CircuitLasso.Tests;

public sealed partial class CsvExportTests
{
    [Fact]
    public void Every_edge_is_one_record_with_the_same_numbers()
    {
        Circuit circuit = SampleCircuits.Features();
        using CsvReader reader = CsvReader.FromText(ExportText.Of("csv", circuit));
        List<CircuitEdge> edges = [];
        foreach (var row in reader)
        {
            edges.Add(new CircuitEdge(reader.GetString("source"), reader.GetString("target"), Number(reader.GetString("weight"))!.Value)
            {
                InCircuit = reader.GetString("in_circuit") == "1",
                Norm = Number(reader.GetString("norm")),
                EntersAtLambda = Number(reader.GetString("enters_at_lambda")),
                Stability = Number(reader.GetString("stability")),
                Effect = Number(reader.GetString("effect")) is { } effect ? new AblationEffect(effect, (long)Number(reader.GetString("effect_rows"))!.Value) : null,
            });
            Assert.Equal(circuit[edges[^1].Source].Label ?? string.Empty, reader.GetString("source_label"));
            Assert.Equal(circuit[edges[^1].Target].Label ?? string.Empty, reader.GetString("target_label"));
        }

        Assert.Equal(circuit.Edges, edges);
    }

    // RFC 4180 read by hand, since the reader above comes from the library that wrote the file.
    [Fact]
    public void Fields_are_quoted_as_RFC_4180_says()
    {
        string text = ExportText.Of("csv", SampleCircuits.Features());
        string[] fields = [.. Field().Matches(text).Select(match => match.Groups[1].Value)];
        Assert.Equal(text.Length, Field().Matches(text).Sum(match => match.Length));
        Assert.Equal(11 * 6, fields.Length);
        Assert.Equal(["source", "target", "weight"], fields[..3]);
        Assert.Contains("\"\"\"quoted\"\" <b>&amp;</b>, comma; λ 🙂\"", fields);
        Assert.Contains("\"line one\nline two\"", fields);
    }

    [GeneratedRegex("((?:\"(?:[^\"]|\"\")*\")|[^\",\n]*)[,\n]")]
    private static partial Regex Field();

    private static double? Number(string text) => text.Length == 0 ? null : double.Parse(text, CultureInfo.InvariantCulture);
}
