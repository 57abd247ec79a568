using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class ProximalNewtonTests
{
    public static TheoryData<int, int, int, double, bool> Grid()
    {
        TheoryData<int, int, int, double, bool> grid = [];
        foreach ((int rows, int columns) in new[] { (200, 5), (150, 30), (40, 60) })
        {
            foreach (int classes in new[] { 2, 4 })
            {
                foreach (double ratio in new[] { 0.5, 0.1, 0.02 })
                {
                    grid.Add(rows, columns, classes, ratio, ratio == 0.1);
                }
            }
        }

        return grid;
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Certificates_and_optimality_conditions_hold_when_recomputed_from_rows(int rows, int columns, int classes, double ratio, bool standardize)
    {
        ClassSample sample = new(rows, columns, classes, 3);
        using DenseDesign design = sample.Design(standardize);
        IClassificationLoss loss = classes == 2 ? new LogisticLoss(sample.Labels) : new MultinomialLoss(sample.Labels, classes);
        double lambda = ratio * ProximalNewtonSolver.MaximumLambda(design, loss);
        ClassificationSolution solution = ProximalNewtonSolver.Solve(design, loss, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-9 });
        Assert.True(solution.Certificate.Converged);
        Assert.True(solution.Coefficients.NonZeros > 0);

        double[] scales = [.. Enumerable.Range(0, columns).Select(j => standardize ? Deviation(sample, j) : 1)];
        int scoreColumns = loss.ScoreColumns;
        double value = 0, nullLoss = 0, norm = 0, dual = 0;
        double[,] residual = new double[rows, scoreColumns];
        for (int i = 0; i < rows; i++)
        {
            double[] z = new double[classes];
            for (int c = 0; c < scoreColumns; c++)
            {
                int k = scoreColumns == 1 ? 1 : c;
                z[k] = solution.Intercepts[c] + Enumerable.Range(0, columns).Sum(j => sample.Values[(i * columns) + j] * solution.Coefficients[j, c]);
            }

            double sum = z.Sum(Math.Exp);
            value -= Math.Log(Math.Exp(z[sample.Labels[i]]) / sum);
            nullLoss -= Math.Log(sample.Labels.Count(l => l == sample.Labels[i]) / (double)rows);
            for (int c = 0; c < scoreColumns; c++)
            {
                int k = scoreColumns == 1 ? 1 : c;
                residual[i, c] = (Math.Exp(z[k]) / sum) - (sample.Labels[i] == k ? 1 : 0);
            }
        }

        double largest = 0;
        for (int c = 0; c < scoreColumns; c++)
        {
            Assert.Equal(0, Enumerable.Range(0, rows).Sum(i => residual[i, c]), 1e-9 * rows);
            for (int j = 0; j < columns; j++)
            {
                double weight = solution.Coefficients[j, c] * scales[j];
                double gradient = Enumerable.Range(0, rows).Sum(i => sample.Values[(i * columns) + j] / scales[j] * residual[i, c]);
                norm += Math.Abs(weight);
                largest = Math.Max(largest, Math.Abs(gradient));
                Assert.True(Math.Abs(gradient) <= lambda * (1 + 1e-3));
                if (weight != 0)
                {
                    Assert.Equal(-lambda * Math.Sign(weight), gradient, 1e-2 * lambda);
                }
            }
        }

        double s = Math.Min(1, lambda / largest);
        for (int i = 0; i < rows; i++)
        {
            for (int c = 0; c < scoreColumns; c++)
            {
                double v = (sample.Labels[i] == (scoreColumns == 1 ? 1 : c) ? 1 : 0) + (s * residual[i, c]);
                dual -= (v * Math.Log(v)) + (scoreColumns == 1 ? (1 - v) * Math.Log(1 - v) : 0);
            }
        }

        Assert.Equal(nullLoss, solution.Certificate.NullLoss, 1e-9 * nullLoss);
        Assert.Equal(value + (lambda * norm), solution.Certificate.Primal, 1e-9 * nullLoss);
        Assert.Equal(Math.Max(0, value + (lambda * norm) - dual), solution.Certificate.Gap, 1e-6 * nullLoss);
    }

    [Theory]
    [InlineData(120, 6, 2)]
    [InlineData(200, 12, 2)]
    [InlineData(150, 6, 3)]
    public void Coefficients_equal_those_of_scikit_learn(int rows, int columns, int classes)
    {
        ClassSample sample = new(rows, columns, classes, 8);

        // SAGA likes centred columns and leaves the intercept free.
        using DenseDesign design = sample.Design();
        double[] centred = [.. sample.Values.Select((v, i) => v - design.Means[i % columns])];
        IClassificationLoss loss = classes == 2 ? new LogisticLoss(sample.Labels) : new MultinomialLoss(sample.Labels, classes);
        double[] lambdas = [.. new[] { 0.5, 0.1 }.Select(ratio => ratio * ProximalNewtonSolver.MaximumLambda(design, loss))];
        const string program = """
            from sklearn.linear_model import LogisticRegression
            n = int(a[0][0]); X = a[1].reshape(n, -1)
            for lam in a[3]:
                m = LogisticRegression(penalty='l1', C=1 / lam, solver='saga', tol=1e-10, max_iter=200000, multi_class='auto', random_state=0).fit(X, a[2].astype(int))
                out(m.coef_); out(m.intercept_)
            """;
        double[] expected = ScikitLearn.Run(program, [rows], centred, [.. sample.Labels.Select(l => (double)l)], lambdas);
        int at = 0;
        foreach (double lambda in lambdas)
        {
            ClassificationSolution solution = ProximalNewtonSolver.Solve(design, loss, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-12 });
            Assert.True(solution.Certificate.Converged);
            for (int c = 0; c < loss.ScoreColumns; c++)
            {
                for (int j = 0; j < columns; j++)
                {
                    Assert.Equal(expected[at++], solution.Coefficients[j, c], 1e-5);
                }
            }

            // Intercepts of several classes are free up to a common shift.
            double[] theirs = [.. expected.Skip(at).Take(loss.ScoreColumns)], ours = [.. solution.ScaledIntercepts];
            at += loss.ScoreColumns;
            double shift = loss.ScoreColumns == 1 ? 0 : ours.Average() - theirs.Average();
            for (int c = 0; c < loss.ScoreColumns; c++)
            {
                Assert.Equal(theirs[c], ours[c] - shift, 1e-5);
            }
        }
    }

    [Fact]
    public void Two_classes_in_the_multinomial_loss_predict_what_the_logistic_loss_predicts()
    {
        // Split over two columns of coefficients, the same difference costs the same penalty.
        ClassSample sample = new(150, 8, 2, 4);
        using DenseDesign design = sample.Design();
        SolverOptions options = new() { Tolerance = 1e-11 };
        ClassificationSolution two = ProximalNewtonSolver.Solve(design, new MultinomialLoss(sample.Labels, 2), new L1Penalty(4), options);
        ClassificationSolution one = ProximalNewtonSolver.Solve(design, new LogisticLoss(sample.Labels), new L1Penalty(4), options);
        Assert.Equal(one.Certificate.Primal, two.Certificate.Primal, 1e-7);
        double[] pairs = two.Scores(design), single = one.Scores(design);
        for (int i = 0; i < 150; i++)
        {
            Assert.Equal(single[i], pairs[150 + i] - pairs[i], 1e-3);
        }
    }

    [Fact]
    public void From_the_largest_lambda_up_only_intercepts_are_left()
    {
        ClassSample sample = new(90, 7, 3, 4);
        using DenseDesign design = sample.Design();
        MultinomialLoss loss = new(sample.Labels, 3);
        ClassificationSolution solution = ProximalNewtonSolver.Solve(design, loss, new L1Penalty(ProximalNewtonSolver.MaximumLambda(design, loss) * (1 + 1e-12)));
        Assert.Equal(0, solution.Coefficients.NonZeros);
        Assert.True(solution.Certificate.RelativeGap <= 1e-12);
    }

    [Fact]
    public void Rows_left_out_change_nothing_but_their_own_scores()
    {
        ClassSample sample = new(120, 5, 2, 6);
        int[] masked = [.. sample.Labels.Select((l, i) => i >= 80 ? -1 : l)];
        using DenseDesign all = sample.Design(), some = DenseDesign.FromRows(sample.Values.AsSpan(0, 80 * 5), 5);
        SolverOptions options = new() { Tolerance = 1e-12 };
        ClassificationSolution whole = ProximalNewtonSolver.Solve(all, new LogisticLoss(masked), new L1Penalty(2), options);
        ClassificationSolution part = ProximalNewtonSolver.Solve(some, new LogisticLoss(sample.Labels.AsSpan(0, 80)), new L1Penalty(2), options);
        for (int j = 0; j < 5; j++)
        {
            Assert.Equal(part.Coefficients[j, 0], whole.Coefficients[j, 0], 1e-6);
        }

        Assert.Equal(part.Intercepts[0], whole.Intercepts[0], 1e-5);
    }

    [Fact]
    public void Separable_rows_and_constant_columns_have_a_finite_answer()
    {
        double[] x = new double[60];
        int[] labels = new int[20];
        for (int i = 0; i < 20; i++)
        {
            labels[i] = i < 10 ? 0 : 1;
            x[i * 3] = i - 9.5;
            x[(i * 3) + 1] = 7;
            x[(i * 3) + 2] = Math.Sin(i);
        }

        using DenseDesign design = DenseDesign.FromRows(x, 3, standardize: true);
        ClassificationSolution solution = ProximalNewtonSolver.Solve(design, new LogisticLoss(labels), new L1Penalty(1e-3));
        Assert.True(solution.Certificate.Converged);
        Assert.Equal(0, solution.Coefficients[1, 0]);
        Assert.True(solution.Coefficients[0, 0] > 1);
    }

    [Fact]
    public void A_class_without_rows_has_no_coefficients_and_no_chance()
    {
        ClassSample sample = new(80, 4, 2, 6);
        using DenseDesign design = sample.Design();
        ClassificationSolution three = ProximalNewtonSolver.Solve(design, new MultinomialLoss(sample.Labels, 3), new L1Penalty(3));
        Assert.True(three.Certificate.Converged);
        Assert.Equal(double.NegativeInfinity, three.Intercepts[2]);
        ClassificationSolution single = ProximalNewtonSolver.Solve(design, new LogisticLoss(new int[80]), new L1Penalty(3));
        Assert.Equal((0, double.NegativeInfinity, true), (single.Coefficients.NonZeros, single.Intercepts[0], single.Certificate.Converged));
    }

    [Fact]
    public void A_solve_that_runs_out_of_iterations_says_that_it_missed()
    {
        ClassSample sample = new(100, 40, 2, 2);
        using DenseDesign design = sample.Design();
        ClassificationSolution solution = ProximalNewtonSolver.Solve(design, new LogisticLoss(sample.Labels), new L1Penalty(0.01), new SolverOptions { Tolerance = 1e-10, MaximumIterations = 1 });
        Assert.False(solution.Certificate.Converged);
        Assert.True(solution.Certificate.RelativeGap > 1e-10);
    }

    [Fact]
    public void Designs_that_are_not_finite_are_refused_by_row_and_column()
    {
        double[] x = RandomMatrix.Normal(40, 3, 1);
        x[(35 * 3) + 2] = double.NaN;
        Assert.Contains("row 35, column 2", Assert.Throws<InputException>(() => DenseDesign.FromRows(x, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => DenseDesign.FromRows(Array.Empty<double>(), 3));
        Assert.Throws<ArgumentException>(() => DenseDesign.FromRows([1.0, 2.0], 3));
    }

    private static double Deviation(ClassSample sample, int j)
    {
        double[] column = [.. sample.Values.Where((_, i) => i % sample.Columns == j)];
        double mean = column.Average();
        return Math.Sqrt(column.Average(v => (v - mean) * (v - mean)));
    }
}
