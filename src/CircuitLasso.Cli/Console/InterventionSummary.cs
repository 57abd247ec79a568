using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What <c>demo</c> prints of its test by intervention.</summary>
internal static class InterventionSummary
{
    public static void WriteText(TextWriter output, InterventionTest test, string file)
    {
        output.WriteLine(Text($"How much of the preference survives? Tested on {test.TestPairs} pairs of beginnings that differ in the number of the deciding noun alone, such as"));
        output.WriteLine($"\"{test.Example}\" and \"{test.ExampleTwin}\". An edge that is taken away carries what it carries on the other beginning.");
        Line(1, "the whole model");
        Line(test.Evaluation.Faithfulness, Text($"the circuit alone: {test.Edges} of {test.Circuit.Edges.Count} edges, found by lasso on {test.LearningPairs} other pairs"));
        Line(test.Evaluation.Completeness, "all edges but the circuit");
        Line(test.RandomShares.Average(), Text($"as many edges at random (mean of {test.RandomShares.Count} circuits; at most {test.RandomShares.Max():P1})"));
        Line(test.RandomComplementShares.Average(), "all edges but as many at random");
        Line(0, "no edge");
        output.WriteLine("At 0 % the model wants the verb of the other beginning, at 50 % it has no preference.");
        output.WriteLine(Text($"The circuit is the smallest along the falling lambda that keeps {InterventionTest.KeptShare:P0} on the pairs it was found on; written to {file}"));

        void Line(double share, string what) => output.WriteLine(Text($"  {share,7:P1}  logit difference {test.LogitDifference(share),6:+0.00;-0.00}  {what}"));
    }

    public static void WriteJson(Utf8JsonWriter json, InterventionTest test, string file)
    {
        json.WriteStartObject("intervention");
        json.WriteString("circuit", file);
        json.WriteNumber("circuit_edges", test.Edges);
        json.WriteNumber("candidate_edges", test.Circuit.Edges.Count);
        json.WriteNumber("pairs_learning", test.LearningPairs);
        json.WriteNumber("pairs_test", test.TestPairs);
        json.WriteNumber("faithfulness", test.Evaluation.Faithfulness);
        json.WriteNumber("completeness", test.Evaluation.Completeness);
        json.WriteNumber("faithfulness_random", test.RandomShares.Average());
        json.WriteNumber("completeness_random", test.RandomComplementShares.Average());
        json.WriteNumber("faithfulness_learning", test.LearningShare);
        json.WriteEndObject();
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
