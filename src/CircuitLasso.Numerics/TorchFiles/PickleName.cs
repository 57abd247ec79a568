namespace CircuitLasso.Numerics;

/// <summary>A name that a pickle refers to: nothing is imported, the reader knows what a few names mean.</summary>
internal sealed record PickleName(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}
