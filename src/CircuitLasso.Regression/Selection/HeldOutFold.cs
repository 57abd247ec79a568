using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>One target fitted outside one fold, lambda by lambda, and its squared error on the fold, for <see cref="HeldOutPath"/>. For one thread.</summary>
internal sealed class HeldOutFold : IDisposable
{
    // The share of the loss that a fit may be off by, and the loosest gap: errors of neighbouring lambdas are compared, not certified.
    private const double LossShare = 2e-3;
    private const double LoosestGap = 1e-4;
    private readonly SharedDesign _design;
    private readonly SharedDesign _training;
    private readonly SharedGramProblem _problem;
    private readonly SharedGramTarget _fit;
    private readonly float[] _target;
    private readonly int[] _held;
    private readonly double _tightestGap;
    private double _left = 1;

    public HeldOutFold(SharedDesign design, float[] target, int[] foldOfRow, int fold, SharedGramOptions options, bool standardize)
    {
        (_design, _target, _tightestGap) = (design, target, options.Tolerance);
        _held = [.. Enumerable.Range(0, target.Length).Where(row => foldOfRow[row] == fold)];
        int[] others = [.. Enumerable.Range(0, target.Length).Where(row => foldOfRow[row] != fold)];
        _training = design.SelectRows(others);
        _problem = new SharedGramProblem(_training, null, options with { PenaltyFactors = standardize ? _training.Deviations(aboutMean: true) : [] });
        _fit = new SharedGramTarget(_problem);
        CompressedColumns<float> targets = new(others.Length, [0, others.Length], [.. Enumerable.Range(0, others.Length)], [.. others.Select(row => target[row])]);
        using NativeBuffer<double> products = new(_training.Columns, zeroed: false);
        _training.Correlate(targets, 0, 1, products);
        _fit.Start(targets, 0, products.Span, _problem.Whole);
    }

    /// <summary>The squared error on the fold of the fit at a share of the smallest lambda that leaves it empty. Shares fall from call to call.</summary>
    public double Error(double share)
    {
        (SparseVector? found, TargetCertificate certificate) = _fit.Solve(share * 2 * _fit.LargestProduct, Math.Clamp(LossShare * _left, _tightestGap, Math.Max(_tightestGap, LoosestGap)));
        _left = certificate.NullLoss > 0 ? certificate.Loss / certificate.NullLoss : 0;
        double[] scores = SharedReadout.Scores(_design, found?.Indices ?? [], found?.Values ?? [], _fit.Intercept(found));
        return _held.Sum(row => (_target[row] - scores[row]) * (_target[row] - scores[row]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _fit.Dispose();
        _problem.Dispose();
        _training.Dispose();
    }
}
