using System.Text.Json;
using System.Text.Json.Nodes;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Compares what is compiled from a program alone with what is recorded of InterpBench's compiler.</summary>
public sealed class CompiledLayoutTests
{
    private static readonly string[] _derivable =
    [
        "layout", "hl_nodes", "strict_nodes", "truth_edges", "truth_edges_detail", "truth_edges_dataflow", "universe", "token_ids", "classes", "null_output_possible", "output",
    ];

    [Fact]
    public void The_layout_of_every_case_is_compiled_from_its_nodes()
    {
        foreach ((KnownProgram program, JsonElement entry) in Stripped())
        {
            foreach (JsonElement component in entry.GetProperty("layout").EnumerateArray())
            {
                LayoutComponent compiled = program.Layout.Single(known => known.Component == component.GetProperty("component").GetString());
                IEnumerable<string> writes = component.GetProperty("writes").EnumerateArray().Select(text => text.GetString()! is "all_nodes" ? "tokens" : text.GetString()!);
                Assert.Equal(writes, compiled.Writes);
                if (program.Id == "ioi")
                {
                    continue;
                }

                Assert.Equal(component.GetProperty("hl_component").GetString(), compiled.HighLevelComponent);
                Dictionary<string, ReadRole> roles = new() { ["query"] = ReadRole.Query, ["key"] = ReadRole.Key, ["value"] = ReadRole.Value, ["mlp_in"] = ReadRole.Mlp };
                IEnumerable<(ReadRole, string)> reads = component.GetProperty("reads").EnumerateObject().SelectMany(pair => pair.Value.EnumerateArray().Select(name => (roles[pair.Name], name.GetString()!)));
                Assert.Equal(reads.Order(), compiled.Reads.Select(read => (read.Role, read.Variable)).Order());
            }

            Assert.Equal(entry.GetProperty("layout").GetArrayLength(), program.Layout.Count);
        }
    }

    [Fact]
    public void The_nodes_for_interchange_and_the_nodes_outside_are_the_recorded_ones()
    {
        foreach ((KnownProgram program, JsonElement entry) in Stripped())
        {
            IEnumerable<(string, string)> recorded = entry.GetProperty("hl_nodes").EnumerateArray()
                .Select(node => (node.GetProperty("component").GetString()!, node.GetProperty("variable").GetString()!.Replace("all_nodes (the token ids; swapping it replaces the whole input)", "tokens", StringComparison.Ordinal)));
            Assert.Equal(recorded.Order(), program.InterchangeNodes.Select(node => (node.Component, node.Variable)).Order());
            Assert.Equal(entry.GetProperty("strict_nodes").EnumerateArray().Select(node => node.GetString()!), program.OutsideNodes);
        }
    }

    [Fact]
    public void Both_truths_are_the_recorded_ones()
    {
        foreach ((KnownProgram program, JsonElement entry) in Stripped())
        {
            Assert.Equal(Recorded(entry.GetProperty("truth_edges")), Names(program.UpstreamTruth));
            Assert.Equal(Recorded(entry.GetProperty("truth_edges_dataflow")), Names(program.Truth));
            Assert.Subset(program.Universe.ToHashSet(), program.Truth.Select(edge => (edge.Source, edge.Target)).ToHashSet());
        }
    }

    [Fact]
    public void The_reads_of_every_edge_and_their_visibility_are_the_recorded_ones()
    {
        foreach ((KnownProgram program, JsonElement entry) in Stripped().Where(pair => pair.Entry.TryGetProperty("truth_edges_detail", out _)))
        {
            foreach (JsonElement detail in entry.GetProperty("truth_edges_detail").EnumerateArray())
            {
                (string source, string target) = Edge(detail.GetProperty("edge"));
                KnownEdge edge = program.UpstreamTruth.Single(edge => edge.Source == source && edge.Target == target);
                Assert.Equal(detail.GetProperty("resample_visible").GetBoolean(), edge.ResampleVisible);
                IEnumerable<(string, bool)> reads = detail.GetProperty("reads").EnumerateArray().Select(read => (read.GetProperty("var").GetString()!, read.GetProperty("varies_with_tokens").GetBoolean()));
                Assert.Equal(reads.Order(), edge.Reads.Select(read => (read.Variable, read.VariesWithTokens)).Order());
            }
        }
    }

    [Fact]
    public void Words_classes_and_null_come_out_without_being_stated()
    {
        foreach ((KnownProgram program, JsonElement entry) in Stripped().Where(pair => pair.Program.Id != "ioi"))
        {
            Assert.Equal(entry.GetProperty("token_ids").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetInt32()), program.TokenIds);
            Assert.Equal(entry.GetProperty("output").GetString() == "regression", program.IsRegression);
            Assert.Equal(entry.GetProperty("null_output_possible").GetBoolean(), program.HasNullClass);
            if (!program.IsRegression)
            {
                Assert.Equal(entry.GetProperty("classes").EnumerateArray().Select(ProgramFixtures.Json), program.Classes.Select(value => value.Json));
            }
        }
    }

    [Fact]
    public void The_initial_deviation_follows_from_the_width_of_the_compiled_program()
    {
        // The figure published for case 13 belongs to an older program with two heads more; that of ioi to GPT-2.
        foreach ((KnownProgram stated, JsonElement entry) in ProgramFixtures.SharedPrograms().Where(pair => pair.Program.Id is not ("13" or "ioi")))
        {
            KnownProgram derived = ProgramFixtures.Parse(Without(entry, ["low_level_config"]));
            Assert.Equal(stated.Shape.InitialDeviation, derived.Shape.InitialDeviation, 4);
            Assert.Equal((stated.Shape.Layers, stated.Shape.Heads), (derived.Shape.Layers, derived.Shape.Heads));
        }
    }

    [Fact]
    public void The_candidate_edges_are_the_recorded_ones()
    {
        using JsonDocument universe = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("interpbench", "universe.json")));
        foreach ((KnownProgram program, JsonElement entry) in ProgramFixtures.SharedPrograms())
        {
            JsonElement recorded = universe.RootElement.GetProperty($"{program.Shape.Layers}x{program.Shape.Heads}");
            Assert.Equal(Recorded(recorded.GetProperty("edges")), program.Universe.Order());
            Assert.Equal(entry.GetProperty("universe").GetProperty("edges").GetInt32(), program.Universe.Count());
        }
    }

    private static IEnumerable<(KnownProgram Program, JsonElement Entry)> Stripped() =>
        ProgramFixtures.SharedPrograms().Select(pair => (ProgramFixtures.Parse(Without(pair.Entry, _derivable)), pair.Entry));

    private static string Without(JsonElement entry, string[] members)
    {
        JsonObject copy = JsonNode.Parse(entry.GetRawText())!.AsObject();
        Array.ForEach(members, member => copy.Remove(member));
        return copy.ToJsonString();
    }

    private static IEnumerable<(string Source, string Target)> Names(IEnumerable<KnownEdge> edges) => edges.Select(edge => (edge.Source, edge.Target)).Order();

    private static IEnumerable<(string Source, string Target)> Recorded(JsonElement edges) => edges.EnumerateArray().Select(Edge).Order();

    private static (string Source, string Target) Edge(JsonElement edge) =>
        (edge[0].GetString()!.Replace("embed", "input", StringComparison.Ordinal), edge[1].GetString()!.Replace("out", "logits", StringComparison.Ordinal));
}
