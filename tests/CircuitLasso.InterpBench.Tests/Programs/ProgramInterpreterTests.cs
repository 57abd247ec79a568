namespace CircuitLasso.InterpBench.Tests;

public sealed class ProgramInterpreterTests
{
    [Fact]
    public void A_component_swapped_from_the_same_input_changes_nothing()
    {
        foreach (KnownProgram program in KnownPrograms.All)
        {
            int[] ids = new ProgramSampler(program, 2).Sample();
            string[] plain = ProgramFixtures.Run(program, ids);
            Assert.All(program.Layout, component => Assert.Equal(plain, ProgramFixtures.Run(program, ids, component.Component, ids)));
        }
    }

    [Fact]
    public void The_component_that_writes_the_output_brings_the_source_s_output()
    {
        foreach (KnownProgram program in KnownPrograms.All)
        {
            ProgramSampler sampler = new(program, 4);
            int[] ids = sampler.Sample();
            int[] source = sampler.Sample();
            string last = program.Truth.Single(edge => edge.Target == "logits").Source;
            Assert.Equal(ProgramFixtures.Run(program, source), ProgramFixtures.Run(program, ids, last, source));
        }
    }

    [Fact]
    public void A_head_that_only_counts_the_length_changes_nothing_when_it_is_swapped()
    {
        KnownProgram program = KnownPrograms.Find("18")!;
        ProgramSampler sampler = new(program, 6);
        for (int i = 0; i < 50; i++)
        {
            int[] ids = sampler.Sample();
            Assert.Equal(ProgramFixtures.Run(program, ids), ProgramFixtures.Run(program, ids, "a0.h1", sampler.Sample()));
        }
    }

    [Fact]
    public void Effects_of_swaps_have_the_recorded_frequency()
    {
        // Share of output positions that change when a component is taken from another random input, as recorded for InterpBench's programs; for
        // case 3 from the counts of 'x' in two inputs, which are binomial with one in four.
        double[][] counts = [.. Enumerable.Range(1, 4).Select(n => Enumerable.Range(0, n + 1).Select(k => Choose(n, k) * Math.Pow(0.25, k) * Math.Pow(0.75, n - k)).ToArray())];
        double differ = counts.Average(position => 1 - position.Sum(share => share * share));
        foreach ((string id, string component, double share) in new[] { ("3", "m0", differ), ("13", "a0.h0", 0.483), ("18", "a0.h0", 0.5452), ("21", "m1", 0.2407) })
        {
            KnownProgram program = KnownPrograms.Find(id)!;
            ProgramSampler sampler = new(program, 9);
            int changed = 0;
            int positions = 0;
            for (int i = 0; i < 2_000; i++)
            {
                int[] ids = sampler.Sample();
                string[] plain = ProgramFixtures.Run(program, ids);
                string[] swapped = ProgramFixtures.Run(program, ids, component, sampler.Sample());
                changed += plain.Zip(swapped).Count(pair => pair.First != pair.Second);
                positions += plain.Length;
            }

            Assert.Equal(share, (double)changed / positions, 0.03);
        }
    }

    private static double Choose(int n, int k) => k == 0 ? 1 : Choose(n - 1, k - 1) * n / k;

    [Fact]
    public void Wrong_calls_are_refused()
    {
        KnownProgram program = KnownPrograms.Find("3")!;
        ProgramInterpreter interpreter = new(program);
        float[] numbers = new float[5];
        Assert.Throws<ArgumentException>(() => interpreter.Run([0, 1, 2, 3, 0], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.Run([4, 1, 2, 3, 5], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.Run([4, 1, 2, 3, 7], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.Run([4], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.Run([4, 1, 2, 3, 3, 3], new float[6]));
        Assert.Throws<ArgumentException>(() => interpreter.Run([4, 1, 2], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.RunWithSwap("a1.h0", [4, 1, 2, 3, 3], [4, 1, 2, 3, 3], numbers));
        Assert.Throws<ArgumentException>(() => interpreter.RunWithSwap("m0", [4, 1, 2, 3, 3], [4, 1, 2], numbers));
        Assert.Throws<InvalidOperationException>(() => interpreter.Run([4, 1, 2, 3, 3], new int[5]));
        Assert.Throws<InvalidOperationException>(() => new ProgramInterpreter(KnownPrograms.Find("8")!).Run([11, 1, 2], new float[3]));
        Assert.Throws<ArgumentException>(() => interpreter.Values("none"));
    }
}
