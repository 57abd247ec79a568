using System.Runtime.CompilerServices;

namespace CircuitLasso.Regression;

/// <summary>
/// Where a solver stands in a sum of log-losses: intercepts, scores, residuals (probability minus indicator) and value, and a trial beside
/// them. It starts at the model without features, whose loss is what gaps are relative to. For one thread.
/// </summary>
internal sealed class ClassificationPoint
{
    public const double SmallestCurvature = 1e-9;
    private readonly IClassificationLoss _loss;
    private readonly bool _hasIntercepts;
    private double[] _scores;
    private double[] _residuals;
    private double[] _trialScores;
    private double[] _trialResiduals;

    public ClassificationPoint(IClassificationLoss loss, bool hasIntercepts)
    {
        (_loss, _hasIntercepts) = (loss, hasIntercepts);
        (Rows, Classes) = (loss.Rows, loss.ScoreColumns);
        _scores = new double[Classes * Rows];
        _residuals = new double[_scores.Length];
        _trialScores = new double[_scores.Length];
        _trialResiduals = new double[_scores.Length];
        Intercepts = hasIntercepts ? loss.NullIntercepts() : new double[Classes];
        Restart();
        Evaluate();
        NullLoss = Value;
    }

    public int Rows { get; }

    /// <summary>Score columns: one for two classes.</summary>
    public int Classes { get; }

    public double[] Intercepts { get; }

    public double Value { get; private set; }

    public double NullLoss { get; }

    /// <summary>With one class left the best intercept is infinite, the loss zero, and features have nothing to add.</summary>
    public bool HasSeveralClasses => NullLoss > 0;

    public Span<double> Scores(int c) => _scores.AsSpan(c * Rows, Rows);

    public Span<double> Residuals(int c) => _residuals.AsSpan(c * Rows, Rows);

    /// <summary>Sets the scores to the intercepts; what features add is to be added, and then <see cref="Evaluate"/>.</summary>
    public void Restart()
    {
        for (int c = 0; c < Classes; c++)
        {
            Scores(c).Fill(Intercepts[c]);
        }
    }

    /// <summary>Value and residuals of the scores.</summary>
    public void Evaluate() => Value = _loss.Evaluate(_scores, _residuals);

    /// <summary>
    /// Moves the scores of one column along a step that goes with a change of coefficients, from 1 halving until the objective has gone down; the
    /// length taken, or 0 where none helps. <paramref name="slope"/> is the derivative of the objective's model along the step, below zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Search(int c, ReadOnlySpan<double> step, ReadOnlySpan<double> coefficients, ReadOnlySpan<double> direction, double lambda, double slope)
    {
        double length = 1;
        for (int halving = 0; halving < 40; halving++, length /= 2)
        {
            _scores.CopyTo(_trialScores, 0);
            VectorLoops.AddScaled(length, step, _trialScores.AsSpan(c * Rows, Rows));
            double value = _loss.Evaluate(_trialScores, _trialResiduals), norm = 0;
            for (int k = 0; k < direction.Length; k++)
            {
                norm += Math.Abs(coefficients[k] + (length * direction[k])) - Math.Abs(coefficients[k]);
            }

            // Near the minimum the gap falls with the step and the objective only with its square, soon below what a sum of losses resolves;
            // there the Newton step is right by itself.
            if (value - Value + (lambda * norm) <= (0.01 * length * slope) + (1e-13 * Value))
            {
                Accept(value);
                return length;
            }
        }

        return 0;
    }

    /// <summary>The second derivatives of the loss in the scores of one column, p (1 - p) and not below a small number; 0 for rows left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Curvatures(int c, Span<double> curvatures)
    {
        ReadOnlySpan<double> residuals = Residuals(c);
        for (int i = 0; i < residuals.Length; i++)
        {
            // The residual is p or p - 1.
            double wrong = Math.Abs(residuals[i]);
            curvatures[i] = _loss.Includes(i) ? Math.Max(wrong * (1 - wrong), SmallestCurvature) : 0;
        }
    }

    /// <summary>
    /// The certificate of coefficients with this norm, at scores of theirs: <paramref name="scale"/> times the residuals is dual feasible,
    /// once the intercepts are exact.
    /// </summary>
    public TargetCertificate Certify(int target, double lambda, double norm, double scale, int iterations, double tolerance)
    {
        TargetCertificate certificate = new(target, lambda, Value, Value + (lambda * norm), _loss.Dual(_residuals, scale), NullLoss, iterations, false);
        return certificate with { Converged = certificate.RelativeGap <= tolerance };
    }

    /// <summary>Newton on the intercepts alone, until the residuals of every class sum to zero up to rounding.</summary>
    public void MinimiseIntercepts()
    {
        int[] present = [.. Enumerable.Range(0, Classes).Where(c => double.IsFinite(Intercepts[c]))];
        for (int iteration = 0; iteration < 50 && HasSeveralClasses && _hasIntercepts; iteration++)
        {
            double[] sums = [.. present.Select(c => SumOf(Residuals(c)))];
            if (sums.Max(Math.Abs) <= 1e-13 * Rows)
            {
                return;
            }

            double[] step = InterceptStep(present, sums);
            double length = 1;
            bool moved = false;
            for (int halving = 0; halving < 30 && !moved; halving++, length /= 2)
            {
                _scores.CopyTo(_trialScores, 0);
                for (int k = 0; k < present.Length; k++)
                {
                    foreach (ref double score in _trialScores.AsSpan(present[k] * Rows, Rows))
                    {
                        score -= length * step[k];
                    }
                }

                double value = _loss.Evaluate(_trialScores, _trialResiduals);
                if (value <= Value * (1 + 1e-14))
                {
                    for (int k = 0; k < present.Length; k++)
                    {
                        Intercepts[present[k]] -= length * step[k];
                    }

                    Accept(value);
                    moved = true;
                }
            }

            if (!moved)
            {
                return;
            }
        }
    }

    public static double SumOf(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum;
    }

    private void Accept(double value)
    {
        (_scores, _trialScores) = (_trialScores, _scores);
        (_residuals, _trialResiduals) = (_trialResiduals, _residuals);
        Value = value;
    }

    private double Probability(int row, int c) => _residuals[(c * Rows) + row] + _loss.Indicator(row, c);

    /// <summary>Solves (sum over rows of the Hessian of the scores) step = sums; scores of several classes are only fixed up to a common shift.</summary>
    private double[] InterceptStep(int[] present, double[] sums)
    {
        int size = present.Length;
        double[] hessian = new double[size * size];
        for (int a = 0; a < size; a++)
        {
            for (int b = 0; b <= a; b++)
            {
                double sum = 0;
                for (int i = 0; i < Rows; i++)
                {
                    double p = Probability(i, present[a]);
                    sum += a == b ? p * (1 - p) : -p * Probability(i, present[b]);
                }

                hessian[(a * size) + b] = sum;
                hessian[(b * size) + a] = sum;
            }
        }

        double trace = 0;
        for (int a = 0; a < size; a++)
        {
            trace += hessian[(a * size) + a];
        }

        double shift = Classes == 1 ? 0 : trace / size / size;
        for (int a = 0; a < hessian.Length; a++)
        {
            hessian[a] += shift;
        }

        return SmallSystem.Solve(hessian, sums, SmallestCurvature * Rows * 1e-6);
    }
}
