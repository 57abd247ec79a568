namespace CircuitLasso.InterpBench;

/// <summary>The value at another position; null where there is no such position or causal attention hides it.</summary>
internal sealed class GatherStep(ProgramVariable output, ProgramVariable values, ProgramVariable positions, bool isCausal) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> sources = state.Codes(values);
        Span<int> codes = state.Codes(Output);
        for (int i = 0; i < codes.Length; i++)
        {
            double position = state.Number(positions, i);
            bool exists = position >= 0 && position < (isCausal ? i + 1 : codes.Length) && position == Math.Floor(position);
            codes[i] = exists ? sources[(int)position] : -1;
        }
    }
}
