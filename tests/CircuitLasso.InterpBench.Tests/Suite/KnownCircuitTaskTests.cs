namespace CircuitLasso.InterpBench.Tests;

public sealed class KnownCircuitTaskTests
{
    public static TheoryData<string> Ids => new(KnownPrograms.All.Select(program => program.Id));

    [Theory]
    [MemberData(nameof(Ids))]
    public void Labels_are_the_program_s_own_outputs_at_its_scored_positions(string id)
    {
        KnownProgram program = KnownPrograms.Find(id)!;
        DiscoveryTask task = KnownCircuitTask.Draw(program, 20, seed: 3);
        ProgramInterpreter interpreter = new(program);
        Assert.Equal(20, task.Count);
        Assert.Equal(program.IsRegression ? TaskMetric.Squares : TaskMetric.CrossEntropy, task.Metric);
        for (int i = 0; i < task.Count; i++)
        {
            Assert.Equal(program.ScoredPositions, task.ScoredPositions[i]);
            Assert.Equal(program.SequenceLength, task.Clean[i].Length);
            if (program.IsRegression)
            {
                float[] numbers = new float[program.SequenceLength];
                interpreter.Run(task.Clean[i], numbers);
                Assert.Equal(program.ScoredPositions.Select(position => numbers[position]), task.Numbers![i]);
            }
            else
            {
                int[] classes = new int[program.SequenceLength];
                interpreter.Run(task.Clean[i], classes);
                Assert.Equal(program.ScoredPositions.Select(position => classes[position]), task.Classes![i]);
            }
        }

        using Models.TransformerModel model = SuiteModels.Random(program);
        task.RequireFits(model);
    }

    [Fact]
    public void Only_the_last_position_of_indirect_object_identification_is_scored()
    {
        DiscoveryTask task = KnownCircuitTask.Draw(KnownPrograms.Find("ioi")!, 3, seed: 0);
        Assert.All(task.ScoredPositions, positions => Assert.Equal([15], positions));
    }

    [Fact]
    public void Null_outputs_are_the_last_class()
    {
        KnownProgram program = KnownPrograms.Find("13")!;
        DiscoveryTask task = KnownCircuitTask.Draw(program, 3, seed: 0);

        // The last token has no next one to compare with.
        Assert.All(task.Classes!, classes => Assert.Equal(program.Classes.Count, classes[^1]));
    }

    [Fact]
    public void More_samples_begin_with_the_same_ones_and_other_seeds_give_others()
    {
        KnownProgram program = KnownPrograms.Find("4")!;
        DiscoveryTask few = KnownCircuitTask.Draw(program, 5, seed: 1);
        DiscoveryTask many = KnownCircuitTask.Draw(program, 50, seed: 1);
        DiscoveryTask other = KnownCircuitTask.Draw(program, 5, seed: 2);
        Assert.Equal(few.Clean, many.Clean.Take(5));
        Assert.Equal(few.Corrupt, many.Corrupt.Take(5));
        Assert.NotEqual(few.Clean, other.Clean);
        Assert.NotEqual(few.Clean, few.Corrupt);
    }
}
