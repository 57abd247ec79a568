using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedPathSelectionTests
{
    private const int Points = 40;
    private const double Ratio = 1e-3;

    [Theory]
    [InlineData(200, 30, 0.1)]
    [InlineData(150, 60, 0.05)]
    [InlineData(120, 12, 1)]
    [InlineData(60, 90, 0.2)]
    public void Every_target_has_the_lambda_of_least_criterion_on_its_path_and_the_coefficients_of_the_slow_Lasso_there(int rows, int features, double density)
    {
        (float[][] columns, float[][] targets) = Sample(rows, features, density, rows);
        using SharedDesign design = SharedDesign.Create(Compress(columns), centred: true);
        SharedPathSolution found = SharedPathSelection.Run(design, null, Compress(targets), Options(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, found.Solution.Missed);
        float[,] x = Matrix(columns), y = Matrix(targets);
        double price = Math.Log(rows) + (2 * Math.Log(features));
        for (int t = 0; t < targets.Length; t++)
        {
            double first = MaximumLambda(columns, targets[t]);
            (double Lambda, double Criterion, double[] Weights)[] path = [.. Enumerable.Range(0, Points).Select(k =>
            {
                double lambda = first * Math.Pow(Ratio, k / (Points - 1.0));
                (double[] weights, double objective, _) = SlowLasso.Solve(x, y, t, k == 0 ? lambda * (1 + 1e-9) : lambda, centred: true);
                double loss = objective - (lambda * weights.Sum(Math.Abs));
                return (lambda, (rows * Math.Log(loss / rows)) + (weights.Count(weight => weight != 0) * price), weights);
            })];

            // The path stops where the criterion has not fallen for a while; nothing beyond may be better, or this sample says nothing.
            int best = Enumerable.Range(0, Points).MinBy(k => path[k].Criterion);
            Assert.Equal(path[best].Lambda, found.Solution.Certificates[t].Lambda, 1e-6 * first);
            AssertClose(path[best].Weights, found.Solution.Coefficients, t, 1e-6);
            ReadOnlySpan<int> support = found.EntersAt.RowsOf(t);
            Assert.Equal(found.Solution.Coefficients.RowsOf(t), support);
            for (int i = 0; i < support.Length; i++)
            {
                int j = support[i];
                Assert.Equal(path.First(point => point.Weights[j] != 0).Lambda, found.EntersAt.ValuesOf(t)[i], 1e-6 * first);
            }
        }

        Assert.Contains(Enumerable.Range(0, targets.Length), t => found.Solution.Coefficients.RowsOf(t).Length > 1);
        Assert.Contains(Enumerable.Range(0, targets.Length), t => found.Solution.Coefficients.RowsOf(t).Length == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_lambda_is_that_of_the_shared_solver(bool share)
    {
        (float[][] columns, float[][] targets) = Sample(150, 40, 0.1, 3);
        using SharedDesign design = SharedDesign.Create(Compress(columns), centred: true);
        SharedGramOptions options = share ? new() { LambdaRatio = 0.1, Tolerance = 1e-8 } : new() { Lambda = 4, Tolerance = 1e-8 };
        SharedGramSolution expected = SharedGramSolver.Solve(design, null, Compress(targets), options, cancellationToken: TestContext.Current.CancellationToken);
        SharedPathSolution found = SharedPathSelection.Run(design, null, Compress(targets), options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(expected.Coefficients.Values, found.Solution.Coefficients.Values);
        Assert.Equal(expected.Certificates, found.Solution.Certificates);
        Assert.Equal(expected.Intercepts, found.Solution.Intercepts);
    }

    [Fact]
    public void A_kept_Gram_matrix_changes_nothing_that_matters_and_a_constant_target_is_empty()
    {
        (float[][] columns, float[][] targets) = Sample(200, 30, 0.1, 5);
        targets[1].AsSpan().Fill(2);
        using SharedDesign design = SharedDesign.Create(Compress(columns), centred: true);
        using SharedGram gram = design.ComputeGram()!;
        SharedPathSolution with = SharedPathSelection.Run(design, gram, Compress(targets), Options(), cancellationToken: TestContext.Current.CancellationToken);
        SharedPathSolution without = SharedPathSelection.Run(design, null, Compress(targets), Options() with { ColumnBytes = 1 << 20 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(with.Solution.Coefficients.RowIndices, without.Solution.Coefficients.RowIndices);
        for (int i = 0; i < with.Solution.Coefficients.EntryCount; i++)
        {
            Assert.Equal(with.Solution.Coefficients.Values[i], without.Solution.Coefficients.Values[i], 1e-6);
        }

        Assert.Equal(0, with.Solution.Coefficients.RowsOf(1).Length);
        Assert.True(with.Solution.Certificates[1].Converged);
    }

    [Fact]
    public void Paths_without_a_ratio_and_a_gamma_out_of_range_are_refused()
    {
        (float[][] columns, float[][] targets) = Sample(50, 5, 0.5, 6);
        using SharedDesign design = SharedDesign.Create(Compress(columns), centred: true);
        Assert.Throws<ArgumentException>(() => SharedPathSelection.Run(design, null, Compress(targets), new() { Lambda = 1, PathLength = 5 }));
        Assert.Throws<InputException>(() => SharedPathSelection.Run(design, null, Compress(targets), Options(), gamma: 2));
    }

    private static SharedGramOptions Options() => new() { LambdaRatio = Ratio, PathLength = Points, Tolerance = 1e-12 };

    private static void AssertClose(double[] expected, CompressedColumns<double> actual, int target, double tolerance)
    {
        double[] dense = new double[expected.Length];
        for (int i = 0; i < actual.RowsOf(target).Length; i++)
        {
            dense[actual.RowsOf(target)[i]] = actual.ValuesOf(target)[i];
        }

        for (int j = 0; j < dense.Length; j++)
        {
            Assert.Equal(expected[j], dense[j], tolerance);
        }
    }

    private static double MaximumLambda(float[][] columns, float[] target)
    {
        double mean = target.Average(value => (double)value);
        return 2 * columns.Max(column => Math.Abs(Enumerable.Range(0, target.Length).Sum(i => column[i] * (target[i] - mean))));
    }

    private static float[,] Matrix(float[][] columns)
    {
        float[,] matrix = new float[columns[0].Length, columns.Length];
        for (int j = 0; j < columns.Length; j++)
        {
            for (int i = 0; i < columns[j].Length; i++)
            {
                matrix[i, j] = columns[j][i];
            }
        }

        return matrix;
    }

    // Targets of none to three parents.
    private static (float[][] Columns, float[][] Targets) Sample(int rows, int features, double density, int seed)
    {
        Random random = new(seed);
        float[][] columns = [.. Enumerable.Range(0, features).Select(_ => Enumerable.Range(0, rows).Select(_ => random.NextDouble() < density ? (float)(0.5 + random.NextDouble()) : 0).ToArray())];
        float[][] targets = [.. Enumerable.Range(0, 8).Select(t => Enumerable.Range(0, rows)
            .Select(row => (float)(Enumerable.Range(0, t % 4).Sum(parent => (1 + parent) * columns[(t + (3 * parent)) % features][row]) + (0.2 * (random.NextDouble() - 0.5)))).ToArray())];
        return (columns, targets);
    }

    private static CompressedColumns<float> Compress(float[][] columns)
    {
        List<int> rows = [];
        List<float> values = [];
        List<long> starts = [0];
        foreach (float[] column in columns)
        {
            for (int i = 0; i < column.Length; i++)
            {
                if (column[i] != 0)
                {
                    rows.Add(i);
                    values.Add(column[i]);
                }
            }

            starts.Add(rows.Count);
        }

        return new CompressedColumns<float>(columns[0].Length, [.. starts], [.. rows], [.. values]);
    }
}
