namespace CircuitLasso;

/// <summary>A phenomenon: the category whose sentences show it, the feature in which the two answers differ and its two values.</summary>
internal sealed record GrammarPhenomenon(string Name, GrammarCategory Category, int Contrast, int ValueA, int ValueB)
{
    internal bool HasAttractor { get; init; }
}
