namespace CircuitLasso.InterpBench;

/// <summary>
/// Draws pairs of inputs, independently and with repetition. Where a program has at least 10,000 distinct inputs, a fifth of them (by a hash of the tokens) is
/// kept for evaluation and never trained on; smaller programs are trained and evaluated on the same inputs, as upstream does.
/// </summary>
internal sealed class SiitSampler(KnownProgram program)
{
    private const double FewInputs = 10_000;
    private const int EvaluationShare = 5;
    private readonly bool _holdsOut = program.Runtime.Sentences is not null || Math.Pow(program.InputVocabulary.Count, program.SequenceLength - 1) >= FewInputs;

    /// <summary>Pairs of the training inputs.</summary>
    public SiitPairs Training(ulong seed, int count) => Draw(seed, count, heldOut: false);

    /// <summary>Pairs of the inputs kept for evaluation.</summary>
    public SiitPairs Evaluation(ulong seed, int count) => Draw(seed, count, heldOut: true);

    private SiitPairs Draw(ulong seed, int count, bool heldOut)
    {
        ProgramSampler inputs = new(program, seed);
        int[][] bases = new int[count][];
        int[][] sources = new int[count][];
        for (int i = 0; i < count; i++)
        {
            bases[i] = DrawInput(inputs, heldOut);
            sources[i] = DrawInput(inputs, heldOut);
        }

        return new SiitPairs(bases, sources);
    }

    private int[] DrawInput(ProgramSampler inputs, bool heldOut)
    {
        while (true)
        {
            int[] input = inputs.Sample();
            if (!_holdsOut || IsHeldOut(input) == heldOut)
            {
                return input;
            }
        }
    }

    private static bool IsHeldOut(int[] input)
    {
        // FNV-1a over the ids.
        ulong hash = 14695981039346656037;
        foreach (int id in input)
        {
            hash = (hash ^ (uint)id) * 1099511628211;
        }

        return (hash >> 20) % EvaluationShare == 0;
    }
}
