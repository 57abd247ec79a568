namespace CircuitLasso.Regression;

/// <summary>Coefficients of every target of a <see cref="BlockProblem"/>, each with its certificate. Immutable.</summary>
public sealed class LassoSolution
{
    internal LassoSolution(BlockProblem problem, SparseColumns scaled, TargetCertificate[] certificates)
    {
        ScaledCoefficients = scaled;
        Certificates = certificates;
        Coefficients = problem.Standardized ? scaled.Rescale(problem.Scales, problem.Scales) : scaled;
        double[] intercepts = new double[problem.Columns];
        foreach (int target in problem.Targets)
        {
            double mean = problem.Centres[target];
            ReadOnlySpan<int> rows = Coefficients.RowsOf(target);
            ReadOnlySpan<double> values = Coefficients.ValuesOf(target);
            for (int i = 0; i < rows.Length; i++)
            {
                mean -= values[i] * problem.Centres[rows[i]];
            }

            intercepts[target] = mean;
        }

        Intercepts = intercepts;
    }

    /// <summary>A, columns of H x columns of H, in the units of H: column j holds what predicts column j. Columns that are no targets are empty.</summary>
    public SparseColumns Coefficients { get; }

    /// <summary>A in the units the problem was solved in; the same object without standardisation.</summary>
    public SparseColumns ScaledCoefficients { get; }

    /// <summary>One number per column of H, in its units: what is added to its prediction; 0 without an intercept and for columns that are no targets.</summary>
    public ReadOnlyMemory<double> Intercepts { get; }

    /// <summary>One certificate per target, in the order of <see cref="BlockProblem.Targets"/>.</summary>
    public IReadOnlyList<TargetCertificate> Certificates { get; }

    /// <summary>How many targets missed their gap.</summary>
    public int Missed => Certificates.Count(certificate => !certificate.Converged);

    /// <summary>Whether every target reached its gap.</summary>
    public bool Converged => Missed == 0;

    /// <summary>The objective ||H - H A||_F^2 + lambda ||A||_1 over all targets, in the units the problem was solved in.</summary>
    public double Objective => Certificates.Sum(certificate => certificate.Primal);
}
