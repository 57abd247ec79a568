using System.Numerics.Tensors;

namespace CircuitLasso.Numerics;

/// <summary>Extreme eigenvalues of symmetric matrices in double precision, by a fixed start and a fixed order of sums. Thread-safe.</summary>
public static class SymmetricEigenvalues
{
    private const int MostSteps = 128;
    private const int StepsBetweenChecks = 4;

    /// <summary>The largest eigenvalue of a symmetric matrix, row-major.</summary>
    /// <param name="n">Rows and columns, at least one.</param>
    /// <param name="a">A; both triangles are read.</param>
    /// <param name="lda">Elements from one row to the next.</param>
    /// <param name="relativeTolerance">The residual at which the search ends, as a share of the largest eigenvalue in absolute value.</param>
    /// <exception cref="ArgumentException">The dimension is below one, the span too short, or the leading dimension too small.</exception>
    public static unsafe EigenvalueEstimate Largest(int n, ReadOnlySpan<double> a, int lda, double relativeTolerance = 1e-8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        MatrixArguments.CheckMatrix("A", n, n, a.Length, lda);
        int length = a.Length;
        fixed (double* pinned = a)
        {
            double* start = pinned;
            return Largest(n, Multiply, relativeTolerance);

            void Multiply(ReadOnlySpan<double> vector, Span<double> image) =>
                MatrixProduct.Gemm(false, false, n, 1, n, 1.0, new ReadOnlySpan<double>(start, length), lda, vector, 1, 0.0, image, 1);
        }
    }

    /// <summary>
    /// The largest eigenvalue of a symmetric operator by the Lanczos iteration with full reorthogonalisation (Golub and Van Loan, Matrix
    /// Computations, 4th edition, section 10.3), 128 steps at most.
    /// </summary>
    /// <param name="n">The operator's dimension, at least one.</param>
    /// <param name="multiply">The operator; called one product at a time.</param>
    /// <param name="relativeTolerance">The residual at which the search ends, as a share of the largest eigenvalue in absolute value.</param>
    /// <exception cref="ArgumentOutOfRangeException">The dimension is below one.</exception>
    public static EigenvalueEstimate Largest(int n, SymmetricOperator multiply, double relativeTolerance = 1e-8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentNullException.ThrowIfNull(multiply);
        int most = Math.Min(n, MostSteps);
        List<double[]> basis = [Start(n)];
        double[] diagonal = new double[most];
        double[] beside = new double[most];
        double[] image = new double[n];
        double[] ritz = [];
        int steps = 0;
        while (true)
        {
            multiply(basis[steps], image);
            diagonal[steps] = TensorPrimitives.Dot<double>(basis[steps], image);
            Orthogonalise(basis, image);
            double rest = TensorPrimitives.Norm<double>(image);
            beside[steps] = rest;
            steps++;
            double scale = Math.Abs(TensorPrimitives.MaxMagnitude<double>(diagonal.AsSpan(0, steps))) + TensorPrimitives.Max<double>(beside.AsSpan(0, steps));
            bool invariant = !(rest > 1e-14 * scale);
            bool last = steps == most || invariant;
            if (last || steps % StepsBetweenChecks == 0)
            {
                ritz = LargestTridiagonalVector(diagonal.AsSpan(0, steps), beside.AsSpan(0, steps - 1));
                if (last || Math.Abs(rest * ritz[^1]) <= 0.5 * relativeTolerance * scale)
                {
                    break;
                }
            }

            TensorPrimitives.Divide(image, rest, image);
            basis.Add(image);
            image = new double[n];
        }

        double[] vector = new double[n];
        for (int j = 0; j < steps; j++)
        {
            TensorPrimitives.MultiplyAdd(basis[j], ritz[j], vector, vector);
        }

        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
        multiply(vector, image);
        double value = TensorPrimitives.Dot<double>(vector, image);
        TensorPrimitives.MultiplyAdd(vector, -value, image, image);
        double roundings = 4 * Math.Sqrt(n) * Math.ScaleB(Math.Abs(value), -52);
        return new EigenvalueEstimate(value, value + TensorPrimitives.Norm<double>(image) + roundings, steps + 1);
    }

    /// <summary>A fixed vector of length one without structure, so that no matrix of practice is orthogonal to it (SplitMix64, Steele et al. 2014).</summary>
    private static double[] Start(int n)
    {
        double[] vector = new double[n];
        ulong state = 0;
        for (int i = 0; i < n; i++)
        {
            state += 0x9E3779B97F4A7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            vector[i] = (((mixed ^ (mixed >> 31)) >> 11) * Math.ScaleB(1, -52)) - 1;
        }

        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
        return vector;
    }

    // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, section 6.9).
    private static void Orthogonalise(List<double[]> basis, double[] vector)
    {
        for (int round = 0; round < 2; round++)
        {
            foreach (double[] direction in basis)
            {
                TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot<double>(direction, vector), vector, vector);
            }
        }
    }

    /// <summary>The eigenvector of the largest eigenvalue of a symmetric tridiagonal matrix: bisection, then inverse iteration.</summary>
    private static double[] LargestTridiagonalVector(ReadOnlySpan<double> diagonal, ReadOnlySpan<double> beside)
    {
        int n = diagonal.Length;
        double low = diagonal[0];
        double high = double.NegativeInfinity;
        for (int i = 0; i < n; i++)
        {
            double radius = (i > 0 ? Math.Abs(beside[i - 1]) : 0) + (i < n - 1 ? Math.Abs(beside[i]) : 0);
            low = Math.Max(low, diagonal[i]);
            high = Math.Max(high, diagonal[i] + radius);
        }

        // The eigenvalue is between the largest diagonal element and Gershgorin's bound.
        for (double middle = low + ((high - low) / 2); middle > low && middle < high; middle = low + ((high - low) / 2))
        {
            if (IsAbove(middle, diagonal, beside))
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        // Far enough from the eigenvalue that the inverse is finite, near enough that one round finds the vector.
        double shift = high + Math.Max(Math.ScaleB(Math.Abs(high), -50), 1e-140);
        double[] vector = new double[n];
        double[] ratio = new double[n];
        Array.Fill(vector, 1);
        for (int round = 0; round < 3; round++)
        {
            // (shift - T) x = vector; positive definite, so elimination needs no pivoting.
            double pivot = shift - diagonal[0];
            vector[0] /= pivot;
            for (int i = 1; i < n; i++)
            {
                ratio[i] = -beside[i - 1] / pivot;
                pivot = shift - diagonal[i] + (beside[i - 1] * ratio[i]);
                vector[i] = (vector[i] + (beside[i - 1] * vector[i - 1])) / pivot;
            }

            for (int i = n - 2; i >= 0; i--)
            {
                vector[i] -= ratio[i + 1] * vector[i + 1];
            }

            TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
        }

        return vector;
    }

    private static bool IsAbove(double value, ReadOnlySpan<double> diagonal, ReadOnlySpan<double> beside)
    {
        double pivot = value - diagonal[0];
        for (int i = 1; i < diagonal.Length && pivot > 0; i++)
        {
            pivot = value - diagonal[i] - (beside[i - 1] * beside[i - 1] / pivot);
        }

        return pivot > 0;
    }
}
