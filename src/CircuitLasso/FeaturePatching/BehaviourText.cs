namespace CircuitLasso;

/// <summary>A text on which a behaviour is asked for, beside a corrupt one of equal length. Immutable.</summary>
/// <param name="Pair">The pair that it belongs to; a pair with answers of several tokens has one text for each of them.</param>
/// <param name="Clean">Token ids.</param>
/// <param name="Corrupt">Token ids of the corrupt text.</param>
/// <param name="Terms">What is asked, at least one term; none where a readout is asked.</param>
public sealed record BehaviourText(int Pair, int[] Clean, int[] Corrupt, IReadOnlyList<BehaviourTerm> Terms)
{
    /// <summary>Where a readout is asked: the place of the text's class among the readout's, or the text's own number.</summary>
    public double Answer { get; init; }
}
