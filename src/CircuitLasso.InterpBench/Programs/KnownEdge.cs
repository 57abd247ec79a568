namespace CircuitLasso.InterpBench;

/// <summary>An edge of a known circuit, by the names of <see cref="ComponentGraph"/> (<c>input</c> and <c>logits</c> at the ends).</summary>
/// <param name="Source">The component that is read.</param>
/// <param name="Target">The component that reads.</param>
/// <param name="Reads">The variables that go through it.</param>
/// <param name="ResampleVisible">
/// False where every variable on it is the same for all sequences of that length, so that no patching with other inputs can reveal the edge.
/// </param>
public sealed record KnownEdge(string Source, string Target, IReadOnlyList<ComponentRead> Reads, bool ResampleVisible);
