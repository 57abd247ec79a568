namespace CircuitLasso.Regression;

/// <summary>
/// A sum of log-losses over rows, as a function of scores: one score per row for two classes, one per row and class for more. Scores and
/// residuals are kept by column: element (i, c) is <c>values[c * Rows + i]</c>. Rows labelled -1 are left out. Immutable and thread-safe.
/// </summary>
public interface IClassificationLoss : IDatafit
{
    /// <summary>Number of rows, those left out included.</summary>
    int Rows { get; }

    /// <summary>Scores per row.</summary>
    int ScoreColumns { get; }

    /// <summary>1 where the row's label is the class of the score column, 0 elsewhere (and for rows left out).</summary>
    /// <param name="row">The row.</param>
    /// <param name="scoreColumn">The score column.</param>
    double Indicator(int row, int scoreColumn);

    /// <summary>Whether the row counts.</summary>
    /// <param name="row">The row.</param>
    bool Includes(int row);

    /// <summary>The loss, and its gradient with respect to the scores: probability minus indicator, 0 for rows left out.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="residuals">Where the gradient goes; as long as the scores.</param>
    double Evaluate(ReadOnlySpan<double> scores, Span<double> residuals);

    /// <summary>The negative convex conjugate at <paramref name="scale"/> times the residuals: the dual objective, for a scale within 0 and 1.</summary>
    /// <param name="residuals">What <see cref="Evaluate"/> gave.</param>
    /// <param name="scale">The factor that makes the residuals dual feasible.</param>
    double Dual(ReadOnlySpan<double> residuals, double scale);

    /// <summary>The scores of the best model without features (the logarithm of the odds or of the shares of the classes; infinite for a class that no row has).</summary>
    double[] NullIntercepts();
}
