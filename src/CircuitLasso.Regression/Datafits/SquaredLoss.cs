namespace CircuitLasso.Regression;

/// <summary>
/// The sum of squares ||y - X w||^2 (a sum over rows, without 1/2 and without 1/n). With the penalty lambda ||w||_1 and r = y - X w:
/// <code>
/// primal P(w) = ||r||^2 + lambda ||w||_1
/// dual   D(c) = ||y||^2 - ||y - c r||^2 = 2 c y'r - c^2 ||r||^2,   feasible while 2 |c| max|X'r| is at most lambda
/// </code>
/// so c = y'r / ||r||^2 clipped to +- lambda / (2 max|X'r|) is the best dual point on the line through r, and P - D bounds the distance to
/// the minimum. Gaps are reported relative to the null loss ||y||^2.
/// </summary>
public sealed class SquaredLoss : IDatafit
{
    private SquaredLoss()
    {
    }

    /// <summary>The one instance; it holds nothing.</summary>
    public static SquaredLoss Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "squares";

    /// <summary>P and D from the five numbers they depend on.</summary>
    /// <param name="residualSquares">||r||^2.</param>
    /// <param name="targetTimesResidual">y'r.</param>
    /// <param name="largestCorrelation">max|X'r| over the columns that may be used.</param>
    /// <param name="norm">||w||_1.</param>
    /// <param name="lambda">lambda.</param>
    internal static (double Primal, double Dual) Evaluate(double residualSquares, double targetTimesResidual, double largestCorrelation, double norm, double lambda)
    {
        double primal = residualSquares + (lambda * norm);
        if (residualSquares <= 0)
        {
            return (primal, 0);
        }

        double bound = largestCorrelation > 0 ? lambda / (2 * largestCorrelation) : double.PositiveInfinity;
        double c = Math.Clamp(targetTimesResidual / residualSquares, -bound, bound);
        return (primal, (2 * c * targetTimesResidual) - (c * c * residualSquares));
    }
}
