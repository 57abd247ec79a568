namespace CircuitLasso.Regression;

/// <summary>Coefficients of an l1-penalised classifier, with their certificate. Immutable.</summary>
public sealed class ClassificationSolution
{
    private readonly double[] _scaledIntercepts;
    private readonly double[] _intercepts;

    internal ClassificationSolution(DenseDesign design, SparseColumns scaled, double[] scaledIntercepts, TargetCertificate certificate)
    {
        ScaledCoefficients = scaled;
        _scaledIntercepts = scaledIntercepts;
        double[] ones = new double[scaled.ColumnCount];
        Array.Fill(ones, 1);
        Coefficients = design.Standardized ? scaled.Rescale(design.Scales, ones) : scaled;
        _intercepts = [.. scaledIntercepts];
        for (int c = 0; c < _intercepts.Length; c++)
        {
            ReadOnlySpan<int> rows = Coefficients.RowsOf(c);
            ReadOnlySpan<double> values = Coefficients.ValuesOf(c);
            for (int i = 0; i < rows.Length; i++)
            {
                _intercepts[c] -= values[i] * design.Means[rows[i]];
            }
        }

        Certificate = certificate;
    }

    /// <summary>Columns of the design x score columns, in the units of the design.</summary>
    public SparseColumns Coefficients { get; }

    /// <summary>One unpenalised intercept per score column; infinite where a class has no row.</summary>
    public IReadOnlyList<double> Intercepts => _intercepts;

    /// <summary>The certificate: losses are sums of log-losses, the null loss that of the model with intercepts only. Its column is 0.</summary>
    public TargetCertificate Certificate { get; }

    internal SparseColumns ScaledCoefficients { get; }

    internal IReadOnlyList<double> ScaledIntercepts => _scaledIntercepts;

    /// <summary>The scores of every row of the design the solution was fitted on, by score column: element (i, c) is at c Rows + i.</summary>
    /// <param name="design">That design.</param>
    public double[] Scores(DenseDesign design)
    {
        double[] scores = new double[_intercepts.Length * design.Rows];
        for (int c = 0; c < _intercepts.Length; c++)
        {
            Span<double> column = scores.AsSpan(c * design.Rows, design.Rows);
            column.Fill(_scaledIntercepts[c]);
            ReadOnlySpan<int> rows = ScaledCoefficients.RowsOf(c);
            ReadOnlySpan<double> values = ScaledCoefficients.ValuesOf(c);
            for (int i = 0; i < rows.Length; i++)
            {
                VectorLoops.AddScaled(values[i], design.Column(rows[i]), column);
            }
        }

        return scores;
    }
}
