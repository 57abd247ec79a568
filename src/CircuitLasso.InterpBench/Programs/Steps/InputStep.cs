namespace CircuitLasso.InterpBench;

/// <summary>The tokens, which the interpreter has put in place before, or the positions.</summary>
internal sealed class InputStep(ProgramVariable output) : ProgramStep(output)
{
    public override void Run(ProgramState state)
    {
        if (Output.Operation != ProgramOperation.Indices)
        {
            return;
        }

        Span<int> codes = state.Codes(Output);
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = i;
        }
    }
}
