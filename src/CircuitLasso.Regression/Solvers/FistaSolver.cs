using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// FISTA (Beck and Teboulle 2009) exactly as the paper uses it, on the whole matrix at once: the reference that faster solvers are compared
/// with. With G = H'H and L = 2 times the largest eigenvalue of G over the source columns:
/// <code>
/// A(k)   = S(Y(k) - (2 / L) (G Y(k) - G), lambda / L),   frozen entries set to zero
/// t(k+1) = (1 + sqrt(1 + 4 t(k)^2)) / 2,                  t(1) = 1, Y(1) = A(0) = 0
/// Y(k+1) = A(k) + (t(k) - 1) / t(k+1) (A(k) - A(k-1))
/// </code>
/// It stops when every target's gap is within the tolerance, measured every ten iterations. Memory: four matrices of columns x targets.
/// <see cref="FistaOptions.Restart"/> adds adaptive restarts, which the paper does not have.
/// </summary>
public sealed class FistaSolver : IBlockSolver
{
    private const int RowsPerTask = 64;
    private readonly FistaOptions _run;

    /// <summary>Creates the solver.</summary>
    /// <param name="options">How it runs; the paper's algorithm if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is less than one iteration between checks.</exception>
    public FistaSolver(FistaOptions? options = null)
    {
        _run = options ?? new FistaOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_run.IterationsBetweenChecks, 1, nameof(options));
    }

    /// <inheritdoc/>
    public string Name => _run.Restart ? "FISTA with restart" : "FISTA";

    /// <inheritdoc/>
    public bool Supports(IDatafit datafit, IPenalty penalty) => datafit is SquaredLoss && penalty is L1Penalty;

    /// <inheritdoc/>
    public LassoSolution Solve(
        BlockProblem problem, IPenalty penalty, SolverOptions? options = null, LassoSolution? warmStart = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SolverOptions();
        L1Penalty l1 = SolverCompatibility.RequireL1(this, problem, penalty, options, warmStart);
        using State state = new(problem, l1, options, warmStart);
        double step = 1 / (2 * state.LargestEigenvalue());
        TargetCertificate[] certificates = state.Certify(0);
        Report(0, certificates, progress);
        for (int k = 1; k <= options.MaximumIterations && !Array.TrueForAll(certificates, c => c.Converged); k++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state.Iterate(step, _run.Restart);
            if (k % _run.IterationsBetweenChecks == 0 || k == options.MaximumIterations)
            {
                certificates = state.Certify(k);
                Report(k, certificates, progress);
            }
        }

        return new LassoSolution(problem, state.Coefficients(), certificates);
    }

    private void Report(int iteration, TargetCertificate[] certificates, IProgress<WorkProgress>? progress)
    {
        _run.Progress?.Report(new FistaProgress(iteration, certificates.Max(certificate => certificate.RelativeGap)));
        progress?.Report(new WorkProgress("solve", certificates.Count(certificate => certificate.Converged), certificates.Length, "targets"));
    }

    /// <summary>The matrices of one solve: row-major, columns of H x targets.</summary>
    private sealed class State : IDisposable
    {
        private readonly BlockProblem _problem;
        private readonly L1Penalty _penalty;
        private readonly SolverOptions _options;
        private readonly int _columns;
        private readonly int _targets;
        private readonly NativeBuffer<double> _coefficients;
        private readonly NativeBuffer<double> _point;
        private readonly NativeBuffer<double> _product;
        private readonly NativeBuffer<double> _correlations;
        private readonly bool[] _isSource;
        private readonly double[] _t;
        private readonly double[] _momentum;
        private readonly double[] _turns;

        public State(BlockProblem problem, L1Penalty penalty, SolverOptions options, LassoSolution? warmStart)
        {
            (_problem, _penalty, _options) = (problem, penalty, options);
            (_columns, _targets) = (problem.Columns, problem.Targets.Count);
            nint size = (nint)_columns * _targets;
            _coefficients = new NativeBuffer<double>(size);
            _point = new NativeBuffer<double>(size);
            _product = new NativeBuffer<double>(size);
            _correlations = new NativeBuffer<double>(size);
            _isSource = new bool[_columns];
            _t = new double[_targets];
            _t.AsSpan().Fill(1);
            _momentum = new double[_targets];
            _turns = new double[Chunks * _targets];
            for (int t = 0; t < _targets; t++)
            {
                int target = problem.Targets[t];
                foreach (ColumnRange range in problem.Allowed(target))
                {
                    _isSource.AsSpan(range.Start, range.Length).Fill(true);
                }

                for (int i = 0; i < _columns; i++)
                {
                    Row(_correlations, i)[t] = problem.GramRow(i)[target];
                }

                for (int i = 0; i < (warmStart?.ScaledCoefficients.RowsOf(target).Length ?? 0); i++)
                {
                    int row = warmStart!.ScaledCoefficients.RowsOf(target)[i];
                    double value = warmStart.ScaledCoefficients.ValuesOf(target)[i];
                    Row(_coefficients, row)[t] = value;
                    Row(_point, row)[t] = value;
                }
            }
        }

        /// <summary>The largest eigenvalue of G over the source columns, bounded from above so that the step is never too long; 1 where every source is constant.</summary>
        public double LargestEigenvalue()
        {
            double bound = SymmetricEigenvalues.Largest(_columns, (vector, image) =>
            {
                double[] sources = vector.ToArray();
                for (int i = 0; i < _columns; i++)
                {
                    sources[i] = _isSource[i] ? sources[i] : 0;
                }

                for (int i = 0; i < _columns; i++)
                {
                    image[i] = _isSource[i] ? VectorLoops.Dot(_problem.GramRow(i), sources) : 0;
                }
            }).UpperBound;
            return bound > 0 ? bound : 1;
        }

        /// <summary>One proximal gradient step from Y, then the next Y.</summary>
        public void Iterate(double step, bool restart)
        {
            Multiply(_point);
            DeterministicParallel.For(Chunks, chunk =>
            {
                Span<double> turns = _turns.AsSpan(chunk * _targets, _targets);
                turns.Clear();
                for (int i = chunk * RowsPerTask; i < Math.Min(_columns, (chunk + 1) * RowsPerTask); i++)
                {
                    Span<double> values = Row(_product, i);
                    ReadOnlySpan<double> point = Row(_point, i), correlations = Row(_correlations, i), old = Row(_coefficients, i);
                    for (int t = 0; t < values.Length; t++)
                    {
                        values[t] = IsAllowed(i, t) ? L1Penalty.SoftThreshold(point[t] - (2 * step * (values[t] - correlations[t])), step * _penalty.Lambda(t)) : 0;
                    }

                    for (int t = 0; restart && t < values.Length; t++)
                    {
                        turns[t] += (point[t] - values[t]) * (values[t] - old[t]);
                    }
                }
            });
            SetMomentum();
            DeterministicParallel.For(Chunks, chunk =>
            {
                for (int i = chunk * RowsPerTask; i < Math.Min(_columns, (chunk + 1) * RowsPerTask); i++)
                {
                    Span<double> old = Row(_coefficients, i), point = Row(_point, i);
                    ReadOnlySpan<double> values = Row(_product, i);
                    for (int t = 0; t < values.Length; t++)
                    {
                        point[t] = values[t] + (_momentum[t] * (values[t] - old[t]));
                        old[t] = values[t];
                    }
                }
            });
        }

        // Without restart no turn is ever recorded, and every target keeps the paper's t.
        private void SetMomentum()
        {
            for (int t = 0; t < _targets; t++)
            {
                double turn = 0;
                for (int chunk = 0; chunk < Chunks; chunk++)
                {
                    turn += _turns[(chunk * _targets) + t];
                }

                if (turn > 0)
                {
                    (_t[t], _momentum[t]) = (1, 0);
                    continue;
                }

                double next = (1 + Math.Sqrt(1 + (4 * _t[t] * _t[t]))) / 2;
                _momentum[t] = (_t[t] - 1) / next;
                _t[t] = next;
            }
        }

        public TargetCertificate[] Certify(int iterations)
        {
            Multiply(_coefficients);
            double[] norm = new double[_targets], explained = new double[_targets], fitted = new double[_targets], largest = new double[_targets];
            for (int i = 0; i < _columns; i++)
            {
                ReadOnlySpan<double> weights = Row(_coefficients, i), product = Row(_product, i), correlations = Row(_correlations, i);
                for (int t = 0; t < weights.Length; t++)
                {
                    double q = correlations[t] - product[t];
                    norm[t] += Math.Abs(weights[t]);
                    explained[t] += weights[t] * correlations[t];
                    fitted[t] += weights[t] * q;
                    largest[t] = IsAllowed(i, t) ? Math.Max(largest[t], Math.Abs(q)) : largest[t];
                }
            }

            return [.. Enumerable.Range(0, _targets).Select(t =>
            {
                int target = _problem.Targets[t];
                double nullLoss = _problem.NullLoss(target), targetTimesResidual = nullLoss - explained[t], loss = Math.Max(0, targetTimesResidual - fitted[t]);
                (double primal, double dual) = SquaredLoss.Evaluate(loss, targetTimesResidual, largest[t], norm[t], _penalty.Lambda(t));
                TargetCertificate certificate = new(target, _penalty.Lambda(t), loss, primal, dual, nullLoss, iterations, false);
                return certificate with { Converged = certificate.RelativeGap <= _options.Tolerance };
            })];
        }

        public SparseColumns Coefficients()
        {
            SparseVector?[] columns = new SparseVector?[_columns];
            double[] dense = new double[_columns];
            for (int t = 0; t < _targets; t++)
            {
                for (int i = 0; i < _columns; i++)
                {
                    dense[i] = Row(_coefficients, i)[t];
                }

                columns[_problem.Targets[t]] = SparseVector.FromDense(dense);
            }

            return SparseColumns.FromColumns(_columns, columns);
        }

        public void Dispose()
        {
            _coefficients.Dispose();
            _point.Dispose();
            _product.Dispose();
            _correlations.Dispose();
        }

        private int Chunks => (_columns + RowsPerTask - 1) / RowsPerTask;

        private bool IsAllowed(int column, int target) => _problem.Order.IsAllowed(_problem.Order.BlockOf(column), _problem.Order.BlockOf(_problem.Targets[target]));

        private Span<double> Row(NativeBuffer<double> matrix, int row) => matrix.Slice((nint)row * _targets, _targets);

        private void Multiply(NativeBuffer<double> right) => DeterministicParallel.For(Chunks, chunk =>
        {
            int start = chunk * RowsPerTask, rows = Math.Min(RowsPerTask, _columns - start);
            MatrixBackend.Default.Gemm(
                false, false, rows, _targets, _columns, 1.0, _problem.Gram.Slice((nint)start * _columns, rows * _columns), _columns, right.Span, _targets, 0.0, _product.Slice((nint)start * _targets, rows * _targets), _targets);
        });
    }
}
