namespace CircuitLasso;

/// <summary>A category with some of its features stated, as it stands in a rule.</summary>
internal sealed record GrammarSymbol(GrammarCategory Category, FeatureTerm[] Terms, bool IsHead, GrammarRole Role);
