namespace CircuitLasso;

/// <summary>What was seen of a feature on texts, beside its examples. Immutable.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Rows">Number of tokens, or of texts where positions are pooled, that were looked at; 0 where none were.</param>
/// <param name="ActiveRows">On how many of them the feature is above 0.</param>
/// <param name="Mean">Its mean over all rows, those on which it is 0 included.</param>
/// <param name="Maximum">Its largest activation; 0 where it is never active.</param>
public sealed record FeatureProfile(string Node, long Rows, long ActiveRows, double Mean, double Maximum)
{
    /// <summary>How often the feature is how strong, where it is above 0; bars without rows between others are kept.</summary>
    public IReadOnlyList<ActivationBin> Histogram { get; init; } = [];

    /// <summary>The tokens that the feature promotes most, strongest first.</summary>
    public IReadOnlyList<TokenEffect> Promoted { get; init; } = [];

    /// <summary>The tokens that the feature suppresses most, strongest first.</summary>
    public IReadOnlyList<TokenEffect> Suppressed { get; init; } = [];

    /// <summary>The share of rows on which the feature is active; 0 where no rows were looked at.</summary>
    public double Frequency => Rows == 0 ? 0 : (double)ActiveRows / Rows;

    /// <summary>Whether both say the same.</summary>
    /// <param name="other">The other profile.</param>
    public bool Equals(FeatureProfile? other) =>
        other is not null && Node == other.Node && Rows == other.Rows && ActiveRows == other.ActiveRows && Mean.Equals(other.Mean) && Maximum.Equals(other.Maximum)
        && Histogram.SequenceEqual(other.Histogram) && Promoted.SequenceEqual(other.Promoted) && Suppressed.SequenceEqual(other.Suppressed);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Node, Rows, ActiveRows, Mean, Maximum);

    /// <summary>What is wrong with the numbers, or null.</summary>
    internal string? Problem() =>
        Rows < 0 || ActiveRows < 0 || ActiveRows > Rows ? "counts more active rows than rows"
        : !double.IsFinite(Mean) || !double.IsFinite(Maximum) ? "has a number that is not finite"
        : Histogram.Any(bin => !double.IsFinite(bin.Lower) || !double.IsFinite(bin.Upper) || !(bin.Lower < bin.Upper) || bin.Count < 0) ? "has a bar of its histogram that is none"
        : Promoted.Concat(Suppressed).Any(token => !double.IsFinite(token.Effect)) ? "has a token whose effect is not finite"
        : null;

    /// <summary>The same with text that every format can carry.</summary>
    internal FeatureProfile Writable() => this with { Promoted = Writable(Promoted), Suppressed = Writable(Suppressed) };

    private static TokenEffect[] Writable(IReadOnlyList<TokenEffect> tokens) => [.. tokens.Select(token => token with { Token = CircuitText.Writable(token.Token) })];
}
