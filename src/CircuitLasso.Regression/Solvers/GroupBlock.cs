namespace CircuitLasso.Regression;

/// <summary>
/// The part of G that belongs to one group, and the exact minimum over it of w'G w - 2 c'w + 2 kappa ||w||_2 (Qin, Scheinberg and Goldfarb
/// 2013). With G = U diag(d) U', u = U'c and s = ||w||:
/// <code>
/// w = 0                                                      where ||c|| is at most kappa; otherwise
/// w = U (u[i] s / (d[i] s + kappa)),   s the root of  1 / phi(s) = 1,   phi(s)^2 = sum over i of u[i]^2 / (d[i] s + kappa)^2
/// </code>
/// 1 / phi is concave and rises, so Newton's steps from below never pass the root, and where all d are equal the first step is it. Immutable.
/// </summary>
internal sealed class GroupBlock
{
    private const int MostSteps = 100;
    private readonly double[] _eigenvalues;
    private readonly double[] _eigenvectors;

    private GroupBlock(double[] eigenvalues, double[] eigenvectors) => (_eigenvalues, _eigenvectors) = (eigenvalues, eigenvectors);

    /// <summary>Number of columns of the group.</summary>
    public int Size => _eigenvalues.Length;

    /// <summary>Takes the part of a problem's Gram matrix.</summary>
    public static GroupBlock Of(BlockProblem problem, ReadOnlySpan<int> columns)
    {
        int size = columns.Length;
        double[] gram = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                gram[(i * size) + j] = problem.GramRow(columns[i])[columns[j]];
            }
        }

        return Of(size, gram);
    }

    /// <summary>Takes a positive semidefinite matrix, row-major, and uses it up.</summary>
    public static GroupBlock Of(int size, double[] gram)
    {
        double[] vectors = SymmetricEigendecomposition.Compute(size, gram);
        double[] values = [.. Enumerable.Range(0, size).Select(i => gram[(i * size) + i])];

        // Directions in which the columns do not vary, up to rounding: c has no part there either, and w needs none.
        double smallest = values.Max() * size * Math.ScaleB(1, -50);
        return new GroupBlock([.. values.Select(value => value > smallest ? value : 0)], vectors);
    }

    /// <summary>Writes the minimum.</summary>
    /// <param name="correlations">c, what the residual without this group correlates with.</param>
    /// <param name="kappa">Half of lambda times the group's weight.</param>
    /// <param name="weights">Where w goes.</param>
    /// <param name="rotated">Memory for as many numbers again.</param>
    public void Minimise(ReadOnlySpan<double> correlations, double kappa, Span<double> weights, Span<double> rotated)
    {
        if (Size == 1)
        {
            weights[0] = _eigenvalues[0] > 0 ? L1Penalty.SoftThreshold(correlations[0], kappa) / _eigenvalues[0] : 0;
            return;
        }

        double squares = Rotate(correlations, rotated);
        weights.Clear();
        if (squares <= kappa * kappa || squares == 0)
        {
            return;
        }

        double s = Norm(rotated, kappa, Math.Sqrt(squares));
        for (int i = 0; i < Size; i++)
        {
            double share = _eigenvalues[i] > 0 ? rotated[i] * s / ((_eigenvalues[i] * s) + kappa) : 0;
            for (int k = 0; share != 0 && k < Size; k++)
            {
                weights[k] += share * _eigenvectors[(k * Size) + i];
            }
        }
    }

    /// <summary>u = U'c on the directions that vary; returns ||u||^2.</summary>
    private double Rotate(ReadOnlySpan<double> correlations, Span<double> rotated)
    {
        rotated.Clear();
        for (int k = 0; k < Size; k++)
        {
            VectorLoops.AddScaled(correlations[k], _eigenvectors.AsSpan(k * Size, Size), rotated);
        }

        double squares = 0;
        for (int i = 0; i < Size; i++)
        {
            rotated[i] = _eigenvalues[i] > 0 ? rotated[i] : 0;
            squares += rotated[i] * rotated[i];
        }

        return squares;
    }

    /// <summary>The root of the secular equation.</summary>
    private double Norm(ReadOnlySpan<double> rotated, double kappa, double length)
    {
        // phi(s) is at least ||u|| / (max d s + kappa), which is one here: a lower bound of the root.
        double s = (length - kappa) / _eigenvalues.Max();
        for (int step = 0; step < MostSteps; step++)
        {
            double squares = 0, slope = 0;
            for (int i = 0; i < Size; i++)
            {
                double denominator = (_eigenvalues[i] * s) + kappa, ratio = rotated[i] == 0 ? 0 : rotated[i] / denominator;
                squares += ratio * ratio;
                slope += ratio * ratio * (_eigenvalues[i] / denominator);
            }

            // Newton on 1 / phi = 1: its value is 1 / phi, its slope (sum of u^2 d / (d s + kappa)^3) / phi^3.
            double change = squares * (Math.Sqrt(squares) - 1) / slope;
            if (!(change > Math.ScaleB(s, -52)))
            {
                break;
            }

            s += change;
        }

        return s;
    }
}
