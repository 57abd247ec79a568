namespace CircuitLasso;

/// <summary>A circuit of components that <c>lasso</c> found on some pairs of texts, and what interventions on other pairs say of it. Immutable.</summary>
/// <remarks>Shares are faithfulness by ablation of edges (<see cref="CircuitEvaluation"/>): an edge outside carries what its source writes on the other text of the pair.</remarks>
public sealed record InterventionTest
{
    /// <summary>The circuit is the smallest along the falling lambda that keeps this share of the preference on the pairs that it is found on.</summary>
    public const double KeptShare = 0.8;

    /// <summary>The circuit, with a score for every candidate edge.</summary>
    public required Circuit Circuit { get; init; }

    /// <summary>How many edges of largest score were chosen before those on no path were taken out.</summary>
    public required int LargestScores { get; init; }

    /// <summary>Edges of the circuit at the method's own rule.</summary>
    public required int OwnRuleEdges { get; init; }

    /// <summary>Pairs that the circuit was found on.</summary>
    public required int LearningPairs { get; init; }

    /// <summary>What the circuit keeps on these.</summary>
    public required double LearningShare { get; init; }

    /// <summary>Pairs that the circuit is tested on.</summary>
    public required int TestPairs { get; init; }

    /// <summary>One text of them.</summary>
    public required string Example { get; init; }

    /// <summary>Its other text.</summary>
    public required string ExampleTwin { get; init; }

    /// <summary>What circuit and complement keep on these.</summary>
    public required CircuitEvaluation Evaluation { get; init; }

    /// <summary>What random circuits of as many edges, all of them on paths, keep on the test pairs.</summary>
    public required IReadOnlyList<double> RandomShares { get; init; }

    /// <summary>What is left without each of these random circuits.</summary>
    public required IReadOnlyList<double> RandomComplementShares { get; init; }

    /// <summary>What the circuit of the last word keeps on the test pairs.</summary>
    public required double LastWordShare { get; init; }

    /// <summary>What the method's circuits keep on the test pairs as they grow.</summary>
    public required IReadOnlyList<CircuitCurvePoint> Curve { get; init; }

    /// <summary>The same of circuits that grow in random orders, a mean over orders.</summary>
    public required IReadOnlyList<CircuitCurvePoint> RandomCurve { get; init; }

    /// <summary>Edges of the circuit.</summary>
    public int Edges => Circuit.Edges.Count(edge => edge.InCircuit);

    /// <summary>The logit difference, a mean over the test pairs, at which a share of the preference is kept.</summary>
    /// <param name="share">0 for that of the other text, 1 for the whole model's.</param>
    public double LogitDifference(double share) => -(Evaluation.EmptyLoss + (share * (Evaluation.ModelLoss - Evaluation.EmptyLoss)));
}
