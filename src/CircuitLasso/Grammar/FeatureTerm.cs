namespace CircuitLasso;

/// <summary>One <c>feature=value</c> or <c>feature=?variable</c> of a symbol; exactly one of value and variable is not -1.</summary>
internal readonly record struct FeatureTerm(int Feature, int Value, int Variable);
