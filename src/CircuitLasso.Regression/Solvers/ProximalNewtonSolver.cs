namespace CircuitLasso.Regression;

/// <summary>
/// Proximal Newton for L(X W + 1 b') + lambda ||W||_1, L a sum of log-losses, b unpenalised. For one score column after another, with
/// r = p - y and omega = p (1 - p):
/// <code>
/// minimise over d, d0:  r'(X d + d0) + 1/2 sum omega (X d + d0)^2 + lambda |w + d|_1    by coordinate descent on the weighted Gram matrix
/// w := w + t d, b := b + t d0,                                                        t halved until the objective has gone down
/// </code>
/// on a working set that grows by violators of |X'r| at most lambda. After the intercepts are exact (then the residuals sum to zero), s r with
/// s = min(1, lambda / max|X'r|) is dual feasible, which gives the gap, relative to the loss of the model without features.
/// lambda_max = max |X'(p0 - y)|, without the factor 2 of squares.
/// </summary>
public static class ProximalNewtonSolver
{
    /// <summary>The smallest lambda at which every coefficient is zero.</summary>
    /// <param name="design">The design.</param>
    /// <param name="loss">The loss.</param>
    /// <exception cref="ArgumentException">The loss has another number of rows.</exception>
    public static double MaximumLambda(DenseDesign design, IClassificationLoss loss)
    {
        CheckRows(design, loss);
        return new ProximalNewtonState(design, loss, 1, new SolverOptions(), null).LargestGradient();
    }

    /// <summary>Solves.</summary>
    /// <param name="design">The design; it brings centring and scaling along.</param>
    /// <param name="loss">The loss with its labels.</param>
    /// <param name="penalty">The penalty, with one lambda.</param>
    /// <param name="options">When to stop; the defaults if null.</param>
    /// <param name="warmStart">A solution on the same design for another lambda, or null.</param>
    /// <returns>Coefficients with a certificate; where the gap was missed, it says so.</returns>
    /// <exception cref="ArgumentException">The penalty is not l1 with one lambda, or the loss has another number of rows.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <param name="cancellationToken">Stops between iterations.</param>
    public static ClassificationSolution Solve(
        DenseDesign design, IClassificationLoss loss, IPenalty penalty, SolverOptions? options = null, ClassificationSolution? warmStart = null, CancellationToken cancellationToken = default)
    {
        options ??= new SolverOptions();
        options.Check();
        CheckRows(design, loss);
        if (penalty is not L1Penalty { IsUniform: true } l1)
        {
            throw new ArgumentException($"proximal Newton solves {loss.Name} with the penalty l1 and one lambda, not with {penalty.Name}", nameof(penalty));
        }

        ProximalNewtonState state = new(design, loss, l1.Lambda(0), options, warmStart);
        return state.Run(cancellationToken);
    }

    private static void CheckRows(DenseDesign design, IClassificationLoss loss)
    {
        if (loss.Rows != design.Rows)
        {
            throw new ArgumentException($"there are {loss.Rows} labels for {design.Rows} rows", nameof(loss));
        }
    }
}
