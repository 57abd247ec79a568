namespace CircuitLasso;

/// <summary>How the lambda of a target's own regression is chosen on its path.</summary>
public enum TargetLambdaRule
{
    /// <summary>The least extended Bayesian criterion at gamma = 1, as for features: for targets that the columns do not determine, where a column let in by chance is worse than a small cause left out.</summary>
    Criterion,

    /// <summary>
    /// The least squared error on held-out rows, on a path down to a hundred-thousandth of the largest lambda: for numbers that the columns determine, as the last residual stream determines what the model
    /// says next. There is no noise that a column could fit by chance then, and many small causes that the criterion would leave out.
    /// </summary>
    HeldOutError,
}
