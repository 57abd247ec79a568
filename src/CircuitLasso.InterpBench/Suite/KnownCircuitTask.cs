namespace CircuitLasso.InterpBench;

/// <summary>The discovery task of a program: inputs from its sampler, each paired with another one drawn independently, and the outputs that the program itself gives.</summary>
public static class KnownCircuitTask
{
    /// <summary>Draws a task: cross-entropy for classes (null is the last one), squares for numbers, at the program's scored positions.</summary>
    /// <param name="program">The program.</param>
    /// <param name="samples">Number of pairs, at least 1; the first ones are the same for any number.</param>
    /// <param name="seed">Seed of the inputs.</param>
    public static DiscoveryTask Draw(KnownProgram program, int samples, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ProgramSampler sampler = new(program, seed);
        ProgramInterpreter interpreter = new(program);
        int[] scored = [.. program.ScoredPositions];
        int[][] clean = new int[samples][];
        int[][] corrupt = new int[samples][];
        int[][] classes = new int[samples][];
        float[][] numbers = new float[samples][];
        int[] classOf = new int[program.SequenceLength];
        float[] numberOf = new float[program.SequenceLength];
        for (int i = 0; i < samples; i++)
        {
            clean[i] = sampler.Sample();
            corrupt[i] = sampler.Sample();
            if (program.IsRegression)
            {
                interpreter.Run(clean[i], numberOf);
                numbers[i] = [.. scored.Select(position => numberOf[position])];
            }
            else
            {
                interpreter.Run(clean[i], classOf);
                classes[i] = [.. scored.Select(position => classOf[position])];
            }
        }

        return new DiscoveryTask
        {
            Name = $"program {program.Id}",
            Clean = clean,
            Corrupt = corrupt,
            ScoredPositions = [.. Enumerable.Repeat(scored, samples)],
            Metric = program.IsRegression ? TaskMetric.Squares : TaskMetric.CrossEntropy,
            Classes = program.IsRegression ? null : classes,
            Numbers = program.IsRegression ? numbers : null,
        };
    }
}
