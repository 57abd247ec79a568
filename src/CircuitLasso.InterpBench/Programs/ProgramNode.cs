namespace CircuitLasso.InterpBench;

/// <summary>A node of a program file as it is written there, its members checked one by one but not yet against the other nodes.</summary>
internal sealed class ProgramNode
{
    public required string Id { get; init; }

    public required ProgramOperation Operation { get; init; }

    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Whether the file calls it numerical (true), categorical (false) or says nothing.</summary>
    public bool? Numerical { get; init; }

    /// <summary>The table: inputs and result, null for no value.</summary>
    public IReadOnlyList<(ProgramValue[] Inputs, ProgramValue? Result)>? Table { get; init; }

    public IReadOnlyList<double>? Coefficients { get; init; }

    public string? Predicate { get; init; }

    public IReadOnlyList<(ProgramValue Key, ProgramValue Query)>? TruePairs { get; init; }

    public ProgramValue? Default { get; init; }

    /// <summary>The values that the file says it has, or null.</summary>
    public IReadOnlyList<ProgramValue>? Values { get; init; }

    /// <summary>The components of the model that hold it, as far as the file says.</summary>
    public IReadOnlyList<string> Components { get; init; } = [];

    /// <summary>Whether the file marks it as the output.</summary>
    public bool IsOutput { get; init; }
}
