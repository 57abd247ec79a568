namespace CircuitLasso;

/// <summary>What was learnt of one target.</summary>
/// <param name="Target">The target: <c>label</c>, <c>logprob</c> or <c>mean_logprob</c>.</param>
/// <param name="File">The circuit's file.</param>
/// <param name="Circuit">The circuit, named; its metrics hold the held-out fit and, where a task was given, faithfulness and completeness.</param>
/// <param name="Phenomena">What happens to concepts along it.</param>
/// <param name="Curve">Circuits at falling lambdas.</param>
/// <param name="Controls">What is left of it under controls.</param>
public sealed record AcceptabilityCircuit(
    string Target, string File, Circuit Circuit, FeaturePhenomena Phenomena, IReadOnlyList<LambdaPoint> Curve, IReadOnlyList<ExperimentControl> Controls)
{
    /// <summary>Whether the target can be predicted better than shuffled ones; if not, the circuit has no edge.</summary>
    public bool Predictable => Circuit.Metrics["target_predictable"] == 1;

    /// <summary>Features on the edges of a circuit.</summary>
    /// <param name="circuit">The circuit.</param>
    public static int Features(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        return circuit.NodesInCircuit().Count(name => circuit[name].Kind == CircuitNodeKind.Feature);
    }

    /// <summary>The held-out measure of a circuit's target: R² of numbers, AUC of classes.</summary>
    /// <param name="circuit">The circuit.</param>
    public static (string Name, double Value, double Shuffled) HeldOut(Circuit circuit)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        string measure = circuit.Metrics.ContainsKey("target_held_out_r2") ? "r2" : "auc";
        return (measure == "r2" ? "R2" : "AUC", Metric("target_held_out_" + measure), Metric($"target_shuffled_{measure}_max"));

        double Metric(string name) => circuit.Metrics.TryGetValue(name, out double value) ? value : double.NaN;
    }
}
