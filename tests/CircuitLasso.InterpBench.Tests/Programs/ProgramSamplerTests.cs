namespace CircuitLasso.InterpBench.Tests;

public sealed class ProgramSamplerTests
{
    [Fact]
    public void The_same_seed_gives_the_same_inputs_and_another_seed_others()
    {
        foreach (KnownProgram program in KnownPrograms.All)
        {
            Assert.Equal(Draw(program, 7, 20), Draw(program, 7, 20));
            Assert.NotEqual(Draw(program, 7, 20), Draw(program, 8, 20));
        }
    }

    [Fact]
    public void Words_are_uniform_and_independent_and_padding_never_occurs()
    {
        KnownProgram program = KnownPrograms.Find("3")!;
        int[] counts = new int[256];
        foreach (int[] ids in Draw(program, 3, 25_600))
        {
            Assert.Equal(4, ids[0]);
            counts[ids.Skip(1).Aggregate(0, (code, id) => (code * 4) + id)]++;
        }

        // Chi-square of 256 equally likely sequences: 255 degrees of freedom, so mean 255 and deviation 22.6.
        Assert.InRange(counts.Sum(count => (count - 100.0) * (count - 100.0) / 100), 175, 335);
    }

    [Fact]
    public void Sentences_follow_the_templates_and_the_answer_is_the_name_that_does_not_give()
    {
        KnownProgram program = KnownPrograms.Find("ioi")!;
        ProgramInterpreter interpreter = new(program);
        int[] classes = new int[16];
        int giverIsFirst = 0;
        foreach (int[] ids in Draw(program, 3, 2_000))
        {
            string[] words = [.. ids.Select(id => program.Classes[id].Text)];
            Assert.Equal(["BOS", "Then", ",", words[3], "and", words[5], "went", "to", "the", words[9], ".", words[11], "gave", "the", words[14], "to"], words);
            Assert.NotEqual(words[3], words[5]);
            Assert.Contains(words[9], new[] { "store", "market" });
            Assert.Contains(words[14], new[] { "milk", "eggs", "bread" });
            Assert.Contains(words[11], new[] { words[3], words[5] });
            giverIsFirst += words[11] == words[3] ? 1 : 0;
            interpreter.Run(ids, classes);
            Assert.Equal(words[11] == words[3] ? words[5] : words[3], program.Classes[classes[15]].Text);
        }

        Assert.InRange(giverIsFirst, 900, 1_100);
        Assert.Equal([15], program.ScoredPositions);
    }

    private static List<int[]> Draw(KnownProgram program, ulong seed, int count)
    {
        ProgramSampler sampler = new(program, seed);
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Sample())];
    }
}
