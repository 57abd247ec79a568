namespace CircuitLasso;

/// <summary>What <see cref="AcceptabilityExperiment"/> found.</summary>
/// <param name="Rows">Sentences.</param>
/// <param name="ActiveFeatures">Mean number of features of a site that are not zero in a row, by site.</param>
/// <param name="Pairs">Pairs of the task that circuits were tested on; 0 without one.</param>
/// <param name="Stages">What was done, in order.</param>
/// <param name="Circuits">The circuits of the label and of the model's own log-probability, whole and per token.</param>
/// <param name="Report">The web page.</param>
public sealed record AcceptabilityResult(
    long Rows, IReadOnlyDictionary<string, double> ActiveFeatures, int Pairs, IReadOnlyList<ExperimentStage> Stages, IReadOnlyList<AcceptabilityCircuit> Circuits, string Report)
{
    /// <summary>Regressions whose certificate missed the tolerance: above zero the result is not to be trusted.</summary>
    public int Missed => (int)Circuits.Sum(circuit => circuit.Circuit.Metrics["missed"] + circuit.Curve.Sum(point => point.Circuit.Metrics["missed"]));
}
