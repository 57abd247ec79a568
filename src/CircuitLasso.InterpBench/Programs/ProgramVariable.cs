namespace CircuitLasso.InterpBench;

/// <summary>One variable of a program: a value, or null, at every position. Immutable and thread-safe.</summary>
public sealed class ProgramVariable
{
    private readonly Dictionary<ProgramValue, int> _codes = [];

    internal ProgramVariable(int index, string id, ProgramOperation operation, IReadOnlyList<ProgramValue>? values, bool canBeNull, bool variesWithTokens)
    {
        Index = index;
        Id = id;
        Operation = operation;
        IsNumerical = values is null;
        Values = values ?? [];
        CanBeNull = canBeNull;
        VariesWithTokens = variesWithTokens;
        for (int i = 0; i < Values.Count; i++)
        {
            _codes.Add(Values[i], i);
        }

        Numbers = Values.Count > 0 && Values.All(value => value.Number is not null) ? [.. Values.Select(value => value.Number!.Value)] : null;
    }

    /// <summary>The node's name in the program.</summary>
    public string Id { get; }

    /// <summary>What computes it.</summary>
    public ProgramOperation Operation { get; }

    /// <summary>Whether it is a real number, and not one of finitely many values.</summary>
    public bool IsNumerical { get; }

    /// <summary>The values it can have, null apart, in their order; empty for a number.</summary>
    public IReadOnlyList<ProgramValue> Values { get; }

    /// <summary>Whether it may be null somewhere in a sequence of full length.</summary>
    public bool CanBeNull { get; }

    /// <summary>Whether it may differ between two sequences of full length; positions, and what follows from them alone, do not.</summary>
    public bool VariesWithTokens { get; }

    /// <summary>Its place among the program's variables.</summary>
    internal int Index { get; }

    /// <summary>The values as numbers, where all of them are.</summary>
    internal double[]? Numbers { get; }

    /// <summary>The place of a value in <see cref="Values"/>, or -1.</summary>
    internal int CodeOf(ProgramValue value) => _codes.GetValueOrDefault(value, -1);
}
