using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>What <see cref="SharedGramSolver"/> found. Immutable.</summary>
/// <param name="Coefficients">
/// A in float64, columns of the design x targets; along a path one such matrix after another, so target t at lambda number k is column
/// k targets + t.
/// </param>
/// <param name="Intercepts">One per column of <paramref name="Coefficients"/>; zeros unless the design is centred.</param>
/// <param name="Certificates">One certificate per column of <paramref name="Coefficients"/>; its <c>Column</c> is the target's.</param>
/// <param name="CorrelationTime">The time spent on X'Y.</param>
/// <param name="SolvingTime">The time spent on the targets.</param>
public sealed record SharedGramSolution(
    CompressedColumns<double> Coefficients, IReadOnlyList<double> Intercepts, IReadOnlyList<TargetCertificate> Certificates, TimeSpan CorrelationTime, TimeSpan SolvingTime)
{
    /// <summary>How many certificates missed their gap.</summary>
    public int Missed => Certificates.Count(static certificate => !certificate.Converged);
}
