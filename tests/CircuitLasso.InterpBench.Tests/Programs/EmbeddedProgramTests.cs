using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

public sealed class EmbeddedProgramTests
{
    [Fact]
    public void The_17_programs_are_inside_and_their_truths_have_65_edges_by_data_flow_and_62_by_upstream()
    {
        Assert.Equal(17, KnownPrograms.All.Count);
        Assert.Equal(65, KnownPrograms.All.Sum(program => program.Truth.Count));
        Assert.Equal(62, KnownPrograms.All.Sum(program => program.UpstreamTruth.Count));
        Assert.Equal("ioi", KnownPrograms.All[^1].Id);
        Assert.Same(KnownPrograms.All[0], KnownPrograms.Find("3"));
        Assert.Null(KnownPrograms.Find("5"));
    }

    [Fact]
    public void The_projects_own_copies_give_all_recorded_examples_and_interchanges() =>
        Assert.Equal((340, 160), RecordedExampleTests.Compare(File.ReadAllBytes(SharedData.Require("interpbench", "examples.json")), KnownPrograms.All));

    [Theory]
    [InlineData("3", "input>m0 m0>a1.h2 a1.h2>logits", "input>a1.h2")]
    [InlineData("4", "input>m0 m0>a1.h0 m0>a1.h1 a1.h0>m1 a1.h1>m1 m1>logits", "input>a1.h0 input>a1.h1")]
    [InlineData("18", "input>a0.h0 input>a0.h1 a0.h0>m0 m0>m1 m1>logits", "a0.h1>m0")]
    [InlineData("21", "input>m0 m0>a1.h0 a1.h0>m1 m1>m2 m2>a3.h0 input>a3.h0 a3.h0>logits", "input>m2")]
    [InlineData("ioi", "input>m0 input>a1.h1 m0>a1.h1 input>a2.h1 m0>a2.h1 a1.h1>a2.h1 input>a4.h1 m0>a4.h1 a2.h1>a4.h1 a4.h1>logits", "")]
    public void Edges_that_resampling_reveals_and_edges_that_it_cannot(string id, string visible, string hidden)
    {
        KnownProgram program = KnownPrograms.Find(id)!;
        Assert.Equal(visible.Split(' ').Order(), program.Truth.Where(edge => edge.ResampleVisible).Select(edge => $"{edge.Source}>{edge.Target}").Order());
        Assert.Equal(hidden.Split(' ', StringSplitOptions.RemoveEmptyEntries), program.Truth.Where(edge => !edge.ResampleVisible).Select(edge => $"{edge.Source}>{edge.Target}"));
    }

    [Theory]
    [InlineData("13", 4)]
    [InlineData("19", 4)]
    [InlineData("21", 4)]
    [InlineData("11", 5)]
    [InlineData("ioi", 113)]
    [InlineData("3", 1)]
    public void Null_is_a_class_of_its_own_where_it_can_occur(string id, int outputs)
    {
        KnownProgram program = KnownPrograms.Find(id)!;
        Assert.Equal(outputs, program.OutputSize);
        Assert.Equal(id is "13" or "19" or "21", program.HasNullClass);
    }

    [Fact]
    public void The_files_say_what_the_described_cases_say()
    {
        foreach ((KnownProgram shared, _) in ProgramFixtures.SharedPrograms())
        {
            KnownProgram own = KnownPrograms.Find(shared.Id)!;
            if (own.Id != "ioi")
            {
                Assert.Equal(shared.Shape, own.Shape);
            }

            Assert.Equal(shared.TokenIds, own.TokenIds);
            Assert.Equal((shared.SequenceLength, shared.IsCausal, shared.IsRegression, shared.HasNullClass), (own.SequenceLength, own.IsCausal, own.IsRegression, own.HasNullClass));
            Assert.Equal(shared.Classes, own.Classes);
            Assert.Equal(shared.ScoredPositions, own.ScoredPositions);
            Assert.Equal(shared.OutsideNodes, own.OutsideNodes);
            Assert.Equal(Text(shared.Truth), Text(own.Truth));
            Assert.Equal(Text(shared.UpstreamTruth), Text(own.UpstreamTruth));
            Assert.Equal(
                shared.InterchangeNodes.OrderBy(node => node.ToString(), StringComparer.Ordinal), own.InterchangeNodes.OrderBy(node => node.ToString(), StringComparer.Ordinal));
            ProgramSampler sampler = new(own, 5);
            for (int sample = 0; sample < 40; sample++)
            {
                int[] ids = sampler.Sample();
                int[] source = sampler.Sample();
                Assert.Equal(ProgramFixtures.Run(shared, ids), ProgramFixtures.Run(own, ids));
                Assert.All(own.Layout, component => Assert.Equal(
                    ProgramFixtures.Run(shared, ids, component.Component, source), ProgramFixtures.Run(own, ids, component.Component, source)));
            }

        }
    }

    private static IEnumerable<string> Text(IEnumerable<KnownEdge> edges) =>
        edges.Select(edge => $"{edge.Source} {edge.Target} {edge.ResampleVisible} {string.Join(' ', edge.Reads)}");
}
