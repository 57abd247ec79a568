using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>One target of <see cref="SharedGramSolver"/>, and the memory that the next target uses again. For one thread.</summary>
internal sealed class SharedGramTarget : IDisposable
{
    private const int RoundsWithoutProgress = 3;

    // How far the last round reduces it, as a share of the tolerance.
    private const double SolvedShare = 0.6;

    // How far a round reduces the gap on its working set.
    private const double InnerShare = 0.02;

    // A gap that the rounding of G alone puts above the tolerance is made smaller first, which is cheap, to this share of the tolerance.
    private const double ProvedShare = 0.1;

    // Half the distance between float32 numbers near one: the share by which an entry of G may be off.
    private const double Rounding = 1.0 / (1 << 24);
    private readonly SharedGramProblem _problem;
    private readonly SharedDesign _design;
    private readonly GramReader _gram;
    private readonly SharedGramOptions _options;
    private readonly double[] _products;
    private readonly double[] _q;
    private readonly WorkingSet _working;
    private CompressedColumns<float>? _targets;
    private double[] _target = [];
    private double[] _residual = [];
    private double _mean;
    private int _index;
    private ColumnRange[] _allowed = [];
    private double _nullLoss;
    private double _productRounding;
    private bool _readsRows;
    private double _tolerance;
    private bool _isNearlyProved;
    private Fit _fit;

    public SharedGramTarget(SharedGramProblem problem)
    {
        (_problem, _design, _options) = (problem, problem.Design, problem.Options);
        _gram = problem.CreateReader();
        _products = new double[_design.Columns];
        _q = new double[_design.Columns];
        _working = new WorkingSet(problem, _gram);
    }

    /// <summary>max |X'y| / c: half the smallest lambda that leaves the target empty.</summary>
    public double LargestProduct { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _gram.Dispose();

    /// <summary>X'y of a column of the design, read off G; the columns that are not allowed hold anything.</summary>
    public ReadOnlySpan<double> ProductsOf(int column, ColumnRange[] allowed)
    {
        foreach (ColumnRange range in allowed)
        {
            _products.AsSpan(range.Start, range.Length).Clear();
        }

        _gram.Subtract([column], [-1.0], allowed, _products);
        return _products;
    }

    /// <summary>Begins with a column of the design as the target.</summary>
    public void StartColumn(int column, ColumnRange[] allowed)
    {
        (_targets, _index, _mean, _nullLoss) = (null, column, _design.IsCentred ? _design.Means[column] : 0, _problem.Squares[column]);
        Start(ProductsOf(column, allowed), Rounding * _problem.Norms[column], allowed);
    }

    /// <summary>Begins with a target whose X'y is given.</summary>
    public void Start(CompressedColumns<float> targets, int index, ReadOnlySpan<double> products, ColumnRange[] allowed)
    {
        (_targets, _index) = (targets, index);
        (_nullLoss, _mean) = _problem.NullLoss(Target);
        Start(products, 0, allowed);
    }

    /// <summary>
    /// Minimises ||y - X w||^2 + lambda sum_j c[j] |w[j]|, from the solution of the call before, if there was one since the start.
    /// </summary>
    /// <param name="lambda">The penalty.</param>
    /// <param name="tolerance">The relative gap; that of the options if null.</param>
    public (SparseVector? Coefficients, TargetCertificate Certificate) Solve(double lambda, double? tolerance = null)
    {
        _tolerance = tolerance ?? _options.Tolerance;
        if (2 * LargestProduct <= lambda)
        {
            return (null, new TargetCertificate(_index, lambda, _nullLoss, _nullLoss, _nullLoss, _nullLoss, 0, true));
        }

        int passes = 0, idle = 0;
        TargetCertificate certificate = Certify(lambda, passes, isExact: false);
        while (!certificate.Converged && passes < _options.MaximumIterations && idle < RoundsWithoutProgress)
        {
            bool grew = _working.Grow(_q, _allowed, lambda / 2);
            double inner = Math.Max((_isNearlyProved ? 0.5 * ProvedShare : SolvedShare) * _tolerance, InnerShare * certificate.RelativeGap);
            int remaining = _options.MaximumIterations - passes;
            passes += _readsRows && !_problem.ReadsRows ? _working.Packed.Refine(lambda, remaining) : _working.Packed.Minimise(_nullLoss, lambda, inner, remaining);
            TargetCertificate next = Measure(lambda, passes);
            idle = grew || next.RelativeGap < 0.9 * certificate.RelativeGap ? 0 : idle + 1;
            certificate = next;
            if (idle == RoundsWithoutProgress && !_readsRows)
            {
                (_readsRows, idle) = (true, 0);
            }
        }

        return (_working.Packed.ToVector(), certificate);
    }

    private DesignColumn Target => _targets is null ? _design.Column(_index) : new(_targets.RowsOf(_index), _targets.ValuesOf(_index), isWhole: false);

    private void Start(ReadOnlySpan<double> products, double productRounding, ColumnRange[] allowed)
    {
        (_allowed, _productRounding, _readsRows, _isNearlyProved) = (allowed, productRounding, _problem.ReadsRows, false);
        foreach (ColumnRange range in allowed)
        {
            products.Slice(range.Start, range.Length).CopyTo(_q.AsSpan(range.Start));
        }

        LargestProduct = _nullLoss > 0 ? _problem.LargestCorrelation(_q, allowed) : 0;
        _working.Start(products);
        _fit = new Fit(_nullLoss, _nullLoss, LargestProduct, 0, _problem.LargestNorm * productRounding / _problem.SmallestFactor, 0);
    }

    /// <summary>What the target is where every column is zero: its mean less those of what explains it; zero where nothing is centred.</summary>
    public double Intercept(SparseVector? coefficients)
    {
        double level = _mean;
        for (int i = 0; i < (_design.IsCentred && coefficients is not null ? coefficients.Indices.Length : 0); i++)
        {
            level -= coefficients!.Values[i] * _design.Means[coefficients.Indices[i]];
        }

        return level;
    }

    /// <summary>Computes q afresh and the certificate from it, from the rows themselves where the rounding of G stands in the way.</summary>
    private TargetCertificate Measure(double lambda, int passes)
    {
        IPackedLasso packed = _working.Packed;
        if (_readsRows)
        {
            MeasureRows();
            packed.Refresh(_q);
            return Certify(lambda, passes, isExact: true);
        }

        foreach (ColumnRange range in _allowed)
        {
            _working.Products.Slice(range.Start, range.Length).CopyTo(_q.AsSpan(range.Start));
        }

        ReadOnlySpan<int> columns = packed.Columns;
        ReadOnlySpan<double> weights = packed.Weights;
        _gram.Subtract(columns, weights, _allowed, _q);
        double weighted = 0, norm = 0, explained = 0, fitted = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            double weight = weights[i];
            if (weight != 0)
            {
                int column = columns[i];
                weighted += Math.Abs(weight) * _problem.Norms[column];
                norm += Math.Abs(weight) * _problem.Factors[column];
                explained += weight * _working.Products[column];
                fitted += weight * _q[column];
            }
        }

        // |G[i,j]| is at most the product of the norms, so its rounding moves q[i] by at most u |x_i| sum |w_j| |x_j|, and w'Gw likewise;
        // where X'y is read off G too, |y| stands beside the sum. y'r = y'y - w'X'y and r'r = y'r - w'q.
        double targetTimesResidual = _nullLoss - explained, spread = (Rounding * weighted) + _productRounding;
        _fit = new Fit(
            Math.Max(0, targetTimesResidual - fitted), targetTimesResidual, _problem.LargestCorrelation(_q, _allowed), norm, _problem.LargestNorm * spread / _problem.SmallestFactor, 4 * weighted * spread);
        TargetCertificate certificate = Certify(lambda, passes, isExact: false), unrounded = Certify(lambda, passes, isExact: true);
        _isNearlyProved = !certificate.Converged && unrounded.Converged;
        if (_isNearlyProved && unrounded.RelativeGap <= ProvedShare * _tolerance)
        {
            MeasureRows();
            certificate = Certify(lambda, passes, isExact: true);

            // The rounded G has been solved and it was not enough: from here on the rows correct it, round by round. So they do where it stalls.
            _readsRows = !certificate.Converged;
        }

        packed.Refresh(_q);
        return certificate;
    }

    private TargetCertificate Certify(double lambda, int passes, bool isExact)
    {
        double largest = isExact ? _fit.Largest : _fit.Largest + _fit.CorrelationError;

        // A negative multiple of the residual says nothing where coefficients may not be negative.
        double along = _options.NonNegative ? Math.Max(0, _fit.TargetTimesResidual) : _fit.TargetTimesResidual;
        (double primal, double dual) = SquaredLoss.Evaluate(_fit.Loss, along, largest, _fit.Norm, lambda);
        TargetCertificate certificate = new(_index, lambda, _fit.Loss, primal, isExact ? dual : dual - _fit.EnergyError, _nullLoss, passes, false);
        return certificate with { Converged = certificate.RelativeGap <= _tolerance };
    }

    private void MeasureRows()
    {
        Array.Resize(ref _residual, _design.Rows);
        Array.Resize(ref _target, _design.Rows);
        _target.AsSpan().Fill(-_mean);
        Target.AddScaledTo(1, _target);
        _target.CopyTo(_residual, 0);
        SparseVector weights = _working.Packed.ToVector();
        _design.Subtract(weights.Indices, weights.Values, _residual);
        _design.Correlate(_residual, _q);
        double norm = 0;
        for (int i = 0; i < weights.Indices.Length; i++)
        {
            norm += Math.Abs(weights.Values[i]) * _problem.Factors[weights.Indices[i]];
        }

        _fit = new Fit(VectorLoops.Dot(_residual, _residual), VectorLoops.Dot(_target, _residual), _problem.LargestCorrelation(_q, _allowed), norm, 0, 0);
    }

    /// <summary>What a certificate depends on, and by how much the rounding of G may have moved it.</summary>
    private readonly record struct Fit(double Loss, double TargetTimesResidual, double Largest, double Norm, double CorrelationError, double EnergyError);
}
