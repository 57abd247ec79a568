namespace CircuitLasso.Regression;

/// <content>The intercepts, which no penalty holds.</content>
internal sealed partial class ProximalNewtonState
{
    /// <summary>Newton on the intercepts alone, until the residuals of every class sum to zero up to rounding.</summary>
    private void MinimiseIntercepts()
    {
        int[] present = [.. Enumerable.Range(0, _classes).Where(c => double.IsFinite(_b[c]))];
        for (int iteration = 0; iteration < 50 && HasSeveralClasses; iteration++)
        {
            double[] sums = [.. present.Select(c => SumOf(Residuals(c)))];
            if (sums.Max(Math.Abs) <= 1e-13 * _rows)
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
                    foreach (ref double score in _trialScores.AsSpan(present[k] * _rows, _rows))
                    {
                        score -= length * step[k];
                    }
                }

                double value = _loss.Evaluate(_trialScores, _trialResiduals);
                if (value <= _value * (1 + 1e-14))
                {
                    for (int k = 0; k < present.Length; k++)
                    {
                        _b[present[k]] -= length * step[k];
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
                for (int i = 0; i < _rows; i++)
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

        double shift = _classes == 1 ? 0 : trace / size / size;
        for (int a = 0; a < hessian.Length; a++)
        {
            hessian[a] += shift;
        }

        return SmallSystem.Solve(hessian, sums, SmallestCurvature * _rows * 1e-6);
    }
}
