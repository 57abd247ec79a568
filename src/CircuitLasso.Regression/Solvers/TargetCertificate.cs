namespace CircuitLasso.Regression;

/// <summary>
/// What is proved about one target's coefficients: the objective lies at most <see cref="Gap"/> above the minimum, because <see cref="Dual"/>
/// is a lower bound of it. In the units the problem is solved in (see <see cref="BlockProblem"/>), sums over rows.
/// </summary>
/// <param name="Column">The target's column in H.</param>
/// <param name="Lambda">The weight of the penalty.</param>
/// <param name="Loss">||y - X w||^2.</param>
/// <param name="Primal">The objective, ||y - X w||^2 + lambda ||w||_1.</param>
/// <param name="Dual">The value of a feasible dual point.</param>
/// <param name="NullLoss">||y||^2.</param>
/// <param name="Iterations">Passes over the coefficients that it took.</param>
/// <param name="Converged">Whether the gap is within the tolerance asked for.</param>
public readonly record struct TargetCertificate(int Column, double Lambda, double Loss, double Primal, double Dual, double NullLoss, int Iterations, bool Converged)
{
    /// <summary>Primal minus dual; rounding below zero counts as zero.</summary>
    public double Gap => Math.Max(0, Primal - Dual);

    /// <summary>The gap divided by the null loss; 0 for a target of zeros.</summary>
    public double RelativeGap => NullLoss > 0 ? Gap / NullLoss : 0;
}
