namespace CircuitLasso.InterpBench;

/// <summary>Computes one variable at every position from those before it. Immutable.</summary>
internal abstract class ProgramStep(ProgramVariable output)
{
    public ProgramVariable Output { get; } = output;

    public abstract void Run(ProgramState state);
}
