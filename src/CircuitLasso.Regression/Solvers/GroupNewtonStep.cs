using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A Newton step on the groups S that are not zero, where half the objective is smooth with e_g = w_g / ||w_g||:
/// <code>
/// (G[S,S] + diag over g of kappa_g / ||w_g|| (I - e_g e_g')) d = q[S] - kappa_g e_g
/// </code>
/// by Cholesky, halved until the objective falls. A group that the step would turn round becomes zero. For one thread.
/// </summary>
internal sealed class GroupNewtonStep
{
    private const int LargestSupport = 2000;
    private const int MostHalvings = 12;

    // A pivot below this share of its diagonal means that the support's columns are collinear: the step is not defined.
    private const double SmallestPivot = 1e-11;
    private readonly List<PackedGroup> _support = [];
    private double[] _hessian = [];
    private double[] _direction = [];
    private double[] _trial = [];
    private double[] _correlations = [];

    /// <summary>Takes the step, keeping q in line with w. False, and nothing changed, where there is none.</summary>
    public bool Apply(ReadOnlySpan<double> gram, int stride, List<PackedGroup> groups, Span<double> w, Span<double> q)
    {
        int size = FindSupport(groups, w);
        if (_support.Count < 2 || size > LargestSupport)
        {
            return false;
        }

        Fill(gram, stride, size, w, q);
        if (!Factorise(size))
        {
            return false;
        }

        Cholesky.Solve(size, _hessian.AsSpan(0, size * size), size, 1, _direction.AsSpan(0, size), 1);
        double length = 1;
        for (int halving = 0; halving < MostHalvings; halving++, length /= 2)
        {
            if (Change(gram, stride, w, q, length) < 0)
            {
                _trial.AsSpan(0, w.Length).CopyTo(w);
                _correlations.AsSpan(0, w.Length).CopyTo(q);
                return true;
            }
        }

        return false;
    }

    private int FindSupport(List<PackedGroup> groups, ReadOnlySpan<double> w)
    {
        if (_trial.Length < w.Length)
        {
            _trial = new double[w.Length];
            _correlations = new double[w.Length];
            _direction = new double[w.Length];
        }

        _support.Clear();
        int size = 0;
        foreach (PackedGroup group in groups)
        {
            if (group.Norm(w) > 0)
            {
                _support.Add(group);
                size += group.Size;
            }
        }

        return size;
    }

    /// <summary>The Hessian's lower triangle, and the gradient with its sign turned.</summary>
    private void Fill(ReadOnlySpan<double> gram, int stride, int size, ReadOnlySpan<double> w, ReadOnlySpan<double> q)
    {
        if (_hessian.Length < size * size)
        {
            _hessian = new double[2 * size * size];
        }

        int row = 0;
        foreach (PackedGroup group in _support)
        {
            ReadOnlySpan<double> own = w.Slice(group.Start, group.Size);
            double norm = group.Norm(w), curvature = group.Kappa / norm;
            for (int i = 0; i < group.Size; i++, row++)
            {
                Span<double> target = _hessian.AsSpan(row * size, size);
                ReadOnlySpan<double> source = gram.Slice((group.Start + i) * stride, w.Length);
                int column = 0;
                foreach (PackedGroup other in _support)
                {
                    source.Slice(other.Start, other.Size).CopyTo(target[column..]);
                    column += other.Size;
                }

                Span<double> block = target.Slice(row - i, group.Size);
                for (int j = 0; j < group.Size; j++)
                {
                    block[j] += curvature * ((i == j ? 1 : 0) - (own[i] / norm * (own[j] / norm)));
                }

                _direction[row] = q[group.Start + i] - (curvature * own[i]);
            }
        }
    }

    private bool Factorise(int size)
    {
        Span<double> diagonal = _trial.AsSpan(0, size);
        for (int i = 0; i < size; i++)
        {
            diagonal[i] = _hessian[(i * size) + i];
        }

        if (!Cholesky.TryFactorise(size, _hessian.AsSpan(0, size * size), size, out _))
        {
            return false;
        }

        for (int i = 0; i < size; i++)
        {
            double root = _hessian[(i * size) + i];
            if (root * root <= SmallestPivot * diagonal[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes w and q after so much of the step, and returns the change of half the objective.</summary>
    private double Change(ReadOnlySpan<double> gram, int stride, ReadOnlySpan<double> w, ReadOnlySpan<double> q, double length)
    {
        Span<double> trial = _trial.AsSpan(0, w.Length), correlations = _correlations.AsSpan(0, w.Length);
        w.CopyTo(trial);
        q.CopyTo(correlations);
        double change = 0;
        int row = 0;
        foreach (PackedGroup group in _support)
        {
            ReadOnlySpan<double> old = w.Slice(group.Start, group.Size);
            Span<double> moved = trial.Slice(group.Start, group.Size);
            VectorLoops.AddScaled(length, _direction.AsSpan(row, group.Size), moved);
            row += group.Size;
            if (VectorLoops.Dot(old, moved) <= 0)
            {
                moved.Clear();
            }

            for (int i = 0; i < group.Size; i++)
            {
                VectorLoops.AddScaled(old[i] - moved[i], gram.Slice((group.Start + i) * stride, w.Length), correlations);
            }

            change += group.Kappa * (group.Norm(trial) - group.Norm(w));
        }

        // 1/2 d'G d - q'd = -1/2 d'(q + q') with q' = q - G d.
        foreach (PackedGroup group in _support)
        {
            for (int i = group.Start; i < group.Start + group.Size; i++)
            {
                change -= 0.5 * (trial[i] - w[i]) * (q[i] + correlations[i]);
            }
        }

        return change;
    }
}
