using CircuitLasso.Models;

namespace CircuitLasso.InterpBench;

/// <summary>Pairs of inputs of one program: bases and the sources that swapped nodes are taken from.</summary>
/// <param name="Bases">Token ids of each base input.</param>
/// <param name="Sources">Token ids of each source input, of the same length.</param>
internal sealed record SiitPairs(IReadOnlyList<int[]> Bases, IReadOnlyList<int[]> Sources)
{
    /// <summary>Number of pairs.</summary>
    public int Count => Bases.Count;

    /// <summary>The bases, stacked so many times.</summary>
    public TokenBatch BaseBatch(int copies) => new([.. Enumerable.Repeat(Bases, copies).SelectMany(texts => texts)]);

    /// <summary>The sources.</summary>
    public TokenBatch SourceBatch() => new(Sources);

    /// <summary>Some of the pairs.</summary>
    public SiitPairs Slice(int start, int count) => new([.. Bases.Skip(start).Take(count)], [.. Sources.Skip(start).Take(count)]);
}
