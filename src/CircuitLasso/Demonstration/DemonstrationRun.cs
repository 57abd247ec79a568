namespace CircuitLasso;

/// <summary>What the demonstration finds in one model.</summary>
/// <param name="Name">Which model, for people.</param>
/// <param name="Learning">The circuit of its preference.</param>
/// <param name="Accuracy">Share of pairs in which it prefers the grammatical word.</param>
/// <param name="Attention">What every head looks at.</param>
public sealed record DemonstrationRun(string Name, LearningResult Learning, double Accuracy, IReadOnlyList<HeadAttention> Attention)
{
    /// <summary>A circuit of the same preference over all words, tested by intervention; null where it was not asked for.</summary>
    public InterventionTest? Intervention { get; init; }
}
