namespace CircuitLasso.InterpBench;

/// <summary>The word with the highest score, counted over all positions up to this one (see <see cref="ProgramOperation.Score"/>).</summary>
internal sealed class ScoreStep(ProgramVariable output, ProgramVariable words, ProgramVariable inhibited, bool[] isName) : ProgramStep(output)
{
    private const int Seen = 10;
    private const int Inhibited = -15;

    public override void Run(ProgramState state)
    {
        Span<int> scores = stackalloc int[Math.Min(isName.Length, 1_024)];
        scores = scores.Length == isName.Length ? scores : new int[isName.Length];
        scores.Clear();
        ReadOnlySpan<int> seen = state.Codes(words);
        ReadOnlySpan<int> stopped = state.Codes(inhibited);
        Span<int> codes = state.Codes(Output);
        for (int i = 0; i < codes.Length; i++)
        {
            Add(scores, seen[i], stopped[i]);
            int best = 0;
            for (int word = 1; word < scores.Length; word++)
            {
                best = scores[word] > scores[best] ? word : best;
            }

            codes[i] = best;
        }
    }

    /// <summary>The scores of all words after the last position.</summary>
    internal int[] LastScores(ProgramState state)
    {
        int[] scores = new int[isName.Length];
        for (int i = 0; i < state.Length; i++)
        {
            Add(scores, state.Codes(words)[i], state.Codes(inhibited)[i]);
        }

        return scores;
    }

    private void Add(Span<int> scores, int seen, int stopped)
    {
        if (seen >= 0 && isName[seen])
        {
            scores[seen] += Seen;
        }

        if (stopped >= 0)
        {
            scores[stopped] += Inhibited;
        }
    }
}
