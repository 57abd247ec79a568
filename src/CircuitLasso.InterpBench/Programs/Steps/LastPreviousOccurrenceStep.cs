namespace CircuitLasso.InterpBench;

/// <summary>The last earlier position with the same value, or -1; code 0 stands for -1, code p + 1 for position p.</summary>
internal sealed class LastPreviousOccurrenceStep(ProgramVariable output, ProgramVariable values) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> sources = state.Codes(values);
        Span<int> codes = state.Codes(Output);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = sources[i] < 0 ? 0 : sources[..i].LastIndexOf(sources[i]) + 1;
        }
    }
}
