using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>What <see cref="SharedLogisticSolver"/> found. Immutable.</summary>
/// <param name="Coefficients">Float64, columns of the design x targets; for the classes of one target, x score columns (one for two classes).</param>
/// <param name="Intercepts">One per column of <paramref name="Coefficients"/>; zeros without intercepts, infinite where a class has no row.</param>
/// <param name="Certificates">One per target: losses are sums of log-losses, the null loss that of the model without features, iterations Newton steps.</param>
/// <param name="SolvingTime">The time spent; of a path, at this lambda.</param>
public sealed record SharedLogisticSolution(
    CompressedColumns<double> Coefficients, IReadOnlyList<double> Intercepts, IReadOnlyList<TargetCertificate> Certificates, TimeSpan SolvingTime)
{
    /// <summary>How many targets missed their gap.</summary>
    public int Missed => Certificates.Count(static certificate => !certificate.Converged);
}
