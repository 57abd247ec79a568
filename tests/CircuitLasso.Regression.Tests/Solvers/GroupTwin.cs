namespace CircuitLasso.Regression.Tests;

/// <summary>The group Lasso of one target, slowly, from rows: plain proximal gradient with momentum, and the audit of objective and gap.</summary>
internal sealed class GroupTwin
{
    private readonly double[][] _columns;
    private readonly double[] _target;
    private readonly int[][] _groups;
    private readonly double[] _weights;

    /// <summary>Takes what the problem centres and scales, over the groups that the target may use.</summary>
    public GroupTwin(BlockProblem problem, double[] rows, ColumnGroups groups, int target)
    {
        int count = rows.Length / problem.Columns;
        double[] Column(int j)
        {
            double[] values = [.. Enumerable.Range(0, count).Select(i => rows[(i * problem.Columns) + j])];
            double mean = problem.Intercept ? values.Average() : 0;
            double deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
            bool constant = deviation <= 1e-12 * Math.Abs(mean);
            return [.. values.Select(v => constant ? 0 : (v - mean) / (problem.Standardized ? deviation : 1))];
        }

        int[] allowed = [.. Enumerable.Range(0, groups.Count).Where(g => problem.Order.IsAllowed(problem.Order.BlockOf(groups.Columns(g)[0]), problem.Order.BlockOf(target)))];
        int[] used = [.. allowed.SelectMany(g => groups.Columns(g).ToArray())];
        _columns = [.. used.Select(Column)];
        _target = Column(target);
        _groups = [.. allowed.Select(g => groups.Columns(g).ToArray().Select(j => Array.IndexOf(used, j)).ToArray())];
        _weights = [.. allowed.Select(groups.Weight)];
        Used = used;
    }

    /// <summary>The columns of H that the coefficients belong to.</summary>
    public int[] Used { get; }

    public double NullLoss => Dot(_target, _target);

    /// <summary>Minimises by FISTA with the group soft threshold as its proximal operator.</summary>
    public double[] Fista(double lambda, int iterations)
    {
        // The trace of X'X bounds its largest eigenvalue.
        double step = 1 / (2 * Math.Max(_columns.Sum(c => Dot(c, c)), 1e-300)), t = 1;
        double[] w = new double[Used.Length], point = new double[Used.Length];
        for (int k = 0; k < iterations; k++)
        {
            double[] residual = Residual(point), next = [.. point.Select((value, j) => value + (2 * step * Dot(_columns[j], residual)))];
            for (int g = 0; g < _groups.Length; g++)
            {
                double norm = Norm(next, g), keep = norm > 0 ? Math.Max(0, 1 - (step * lambda * _weights[g] / norm)) : 0;
                foreach (int j in _groups[g])
                {
                    next[j] *= keep;
                }
            }

            double tNext = (1 + Math.Sqrt(1 + (4 * t * t))) / 2;
            double turn = point.Select((value, j) => (value - next[j]) * (next[j] - w[j])).Sum();
            double momentum = turn > 0 ? 0 : (t - 1) / tNext;
            point = [.. next.Select((value, j) => value + (momentum * (value - w[j])))];
            (w, t) = (next, turn > 0 ? 1 : tNext);
        }

        return w;
    }

    /// <summary>Objective and duality gap of coefficients over <see cref="Used"/>.</summary>
    public (double Primal, double Gap) Audit(double[] w, double lambda)
    {
        double[] residual = Residual(w), correlations = [.. _columns.Select(c => Dot(c, residual))];
        double largest = Enumerable.Range(0, _groups.Length).Select(g => Norm(correlations, g) / _weights[g]).DefaultIfEmpty(0).Max();
        double loss = Dot(residual, residual), primal = loss + (lambda * Enumerable.Range(0, _groups.Length).Sum(g => _weights[g] * Norm(w, g)));
        double bound = largest > 0 ? lambda / (2 * largest) : double.PositiveInfinity;
        double c = loss > 0 ? Math.Clamp(Dot(_target, residual) / loss, -bound, bound) : 0;
        double dual = NullLoss - _target.Select((y, i) => Math.Pow(y - (c * residual[i]), 2)).Sum();
        return (primal, Math.Max(0, primal - dual));
    }

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private double Norm(double[] vector, int group) => Math.Sqrt(_groups[group].Sum(j => vector[j] * vector[j]));

    private double[] Residual(double[] w)
    {
        double[] residual = [.. _target];
        for (int j = 0; j < w.Length; j++)
        {
            for (int i = 0; w[j] != 0 && i < residual.Length; i++)
            {
                residual[i] -= w[j] * _columns[j][i];
            }
        }

        return residual;
    }
}
