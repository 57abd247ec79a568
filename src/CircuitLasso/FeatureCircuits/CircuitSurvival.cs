namespace CircuitLasso;

/// <summary>What of a circuit is found in another one, learnt under other conditions. Features are what is counted; in circuits of components heads and MLPs, and in those of blocks the blocks.</summary>
/// <param name="Features">Features of the circuit.</param>
/// <param name="SurvivingFeatures">Those that match one in the other circuit.</param>
/// <param name="Edges">Edges of the circuit.</param>
/// <param name="SurvivingEdges">Those whose two ends match the ends of one edge of the other circuit.</param>
public sealed record CircuitSurvival(int Features, int SurvivingFeatures, int Edges, int SurvivingEdges)
{
    /// <summary>From this cosine on, features of two autoencoders are taken for the same.</summary>
    public const double SameFeature = CircuitMatch.SameFeature;

    /// <summary>Compares circuits; only edges in the circuits count, not candidates.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="other">The other one.</param>
    /// <param name="directions">
    /// Decoder directions of a feature in the first and in the second circuit's autoencoders, where these differ: features of one site, and of one position where these are kept apart, match if their cosine is at least
    /// <see cref="SameFeature"/>. Null where both have the same autoencoders: then names match. Errors and targets match by name.
    /// </param>
    public static CircuitSurvival Compare(Circuit circuit, Circuit other, (Func<FeatureNodeName, float[]?> First, Func<FeatureNodeName, float[]?> Second)? directions = null) =>
        CircuitMatch.Of(circuit, other, directions).Survival;
}
