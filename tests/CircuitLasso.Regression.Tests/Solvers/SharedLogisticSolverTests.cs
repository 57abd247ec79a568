using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedLogisticSolverTests
{
    public static TheoryData<int, int, double, double, bool> Grid
    {
        get
        {
            TheoryData<int, int, double, double, bool> data = [];
            foreach ((int rows, int features, double density) in new[] { (30, 1, 0.1), (200, 40, 0.05), (300, 120, 1), (60, 150, 0.1), (50, 90, 1), (1200, 300, 0.02) })
            {
                foreach (double ratio in new[] { 0.5, 0.1, 0.01 })
                {
                    data.Add(rows, features, density, ratio, false);
                    data.Add(rows, features, density, ratio, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void Every_certificate_holds_in_float64_from_the_numbers_themselves(int rows, int features, double density, double ratio, bool intercept)
    {
        LogisticSample sample = new(rows, features, density, rows + features, targets: 3);
        foreach (double tolerance in new[] { 1e-4, 1e-8 })
        {
            SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = ratio, Intercept = intercept, Tolerance = tolerance });
            Assert.Equal(0, solution.Missed);
            for (int t = 0; t < 3; t++)
            {
                TargetCertificate certificate = solution.Certificates[t];
                (double primal, double gap, double nullLoss, double maximum) = sample.Audit(solution.Coefficients, solution.Intercepts, t, 2, intercept, certificate.Lambda);
                Assert.Equal(ratio * maximum, certificate.Lambda, 1e-9 * maximum);
                Assert.InRange(gap, -1e-12, tolerance * (1 + 1e-3));
                Assert.Equal(certificate.RelativeGap, gap, 1e-11);
                Assert.Equal(nullLoss, certificate.NullLoss, 1e-9 * nullLoss);
                Assert.Equal(primal, certificate.Primal, 1e-9 * nullLoss);
                Assert.NotEqual(0, solution.Coefficients.RowsOf(t).Length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Grid))]
    public void The_solver_of_dense_designs_finds_the_same(int rows, int features, double density, double ratio, bool multinomial)
    {
        int classes = multinomial ? 3 : 2;
        LogisticSample sample = new(rows, features, density, rows + features + 1, classes: classes);
        IClassificationLoss loss = multinomial ? new MultinomialLoss(sample.Labels[0], 3) : new LogisticLoss(sample.Labels[0]);
        using DenseDesign dense = DenseDesign.FromRows(sample.RowMajor, features, standardize: false);
        using SharedDesign shared = sample.Design();
        SharedLogisticOptions options = new() { LambdaRatio = ratio, Intercept = true, Tolerance = 1e-9 };
        double lambda = ratio * ProximalNewtonSolver.MaximumLambda(dense, loss);
        ClassificationSolution slow = ProximalNewtonSolver.Solve(dense, loss, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-9 });
        SharedLogisticSolution fast = SharedLogisticSolver.SolveClasses(shared, loss, options, [1], TestContext.Current.CancellationToken)[0];
        Assert.Equal(lambda, ratio * SharedLogisticSolver.MaximumLambda(shared, loss, options), 1e-9 * lambda);
        Assert.True(slow.Certificate.Converged && fast.Missed == 0);
        double nullLoss = slow.Certificate.NullLoss;
        Assert.Equal(slow.Certificate.Primal, fast.Certificates[0].Primal, 2.1e-9 * nullLoss);
        (double primal, double gap, _, _) = sample.Audit(fast.Coefficients, fast.Intercepts, 0, classes, true, lambda);
        Assert.Equal(primal, fast.Certificates[0].Primal, 1e-9 * nullLoss);
        Assert.InRange(gap, -1e-11, 1.1e-9);
    }

    [Theory]
    [InlineData(0.08, false)]
    [InlineData(1, false)]
    [InlineData(0.08, true)]
    [InlineData(1, true)]
    public void Scikit_learn_finds_the_same(double density, bool intercept)
    {
        const int rows = 300, features = 60, targets = 3;
        LogisticSample sample = new(rows, features, density, 8, targets);
        SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.05, Tolerance = 1e-10, Intercept = intercept });
        const string program = """
            from sklearn.linear_model import LogisticRegression
            n, p, T = (int(v) for v in a[0][:3]); intercept = bool(a[0][3])
            X = a[1].reshape(n, p); Y = a[2].reshape(T, n)
            for t in range(T):
                p0 = Y[t].mean() if intercept else 0.5
                lam = 0.05 * np.abs(X.T @ (p0 - Y[t])).max()
                # liblinear penalises the intercept, saga does not
                m = LogisticRegression(penalty='l1', solver='saga' if intercept else 'liblinear', fit_intercept=intercept, C=1 / lam, tol=1e-9, max_iter=100000).fit(X, Y[t])
                out(lam); out(m.intercept_); out(m.coef_)
            """;
        double[] expected = ScikitLearn.Run(program, [rows, features, targets, intercept ? 1 : 0], sample.RowMajor, [.. sample.Labels.SelectMany(l => l).Select(l => (double)l)]);
        for (int t = 0, at = 0; t < targets; t++)
        {
            Assert.Equal(expected[at], solution.Certificates[t].Lambda, 1e-9 * expected[at]);
            Assert.Equal(expected[at + 1], solution.Intercepts[t], 1e-4);
            at += 2;
            for (int j = 0; j < features; j++)
            {
                Assert.Equal(expected[at++], SparseSample.Weight(solution.Coefficients, j, t), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1)]
    public void Scikit_learn_finds_the_same_for_several_classes(double density)
    {
        // An odd number of classes: a shift of all of them by the same, which the loss does not see, is fixed by the penalty then.
        const int rows = 400, features = 20, classes = 3;
        LogisticSample sample = new(rows, features, density, 9, classes: classes);
        using SharedDesign design = sample.Design();
        SharedLogisticSolution solution = SharedLogisticSolver.SolveClasses(
            design, new MultinomialLoss(sample.Labels[0], classes), new SharedLogisticOptions { LambdaRatio = 0.1, Tolerance = 1e-10 }, [1], TestContext.Current.CancellationToken)[0];
        const string program = """
            from sklearn.linear_model import LogisticRegression
            n, p, lam = int(a[0][0]), int(a[0][1]), a[0][2]
            m = LogisticRegression(penalty='l1', solver='saga', multi_class='multinomial', fit_intercept=False, C=1 / lam, tol=1e-9, max_iter=100000).fit(a[1].reshape(n, p), a[2])
            out(m.coef_)
            """;
        double[] expected = ScikitLearn.Run(program, [rows, features, solution.Certificates[0].Lambda], sample.RowMajor, [.. sample.Labels[0].Select(l => (double)l)]);
        for (int c = 0; c < classes; c++)
        {
            for (int j = 0; j < features; j++)
            {
                Assert.Equal(expected[(c * features) + j], SparseSample.Weight(solution.Coefficients, j, c), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(1, true)]
    public void Penalty_weights_are_the_same_as_columns_divided_by_them(double density, bool intercept)
    {
        LogisticSample sample = new(200, 60, density, 5), divided = new(200, 60, density, 5);
        double[] weights = [.. Enumerable.Range(0, 60).Select(j => Math.Pow(2, (j % 5) - 2))];
        for (int i = 0; i < 200; i++)
        {
            for (int j = 0; j < 60; j++)
            {
                divided.X[i, j] /= (float)weights[j];
            }
        }

        SharedLogisticOptions options = new() { LambdaRatio = 0.05, Tolerance = 1e-10, Intercept = intercept };
        SharedLogisticSolution plain = divided.Solve(options), weighted = sample.Solve(options with { PenaltyWeights = weights });
        Assert.Equal(plain.Certificates[0].Lambda, weighted.Certificates[0].Lambda, 1e-9);
        for (int j = 0; j < 60; j++)
        {
            Assert.Equal(SparseSample.Weight(plain.Coefficients, j, 0), weights[j] * SparseSample.Weight(weighted.Coefficients, j, 0), 1e-4);
        }

        (double _, double gap, _, double maximum) = sample.Audit(weighted.Coefficients, weighted.Intercepts, 0, 2, intercept, weighted.Certificates[0].Lambda, weights);
        Assert.Equal(0.05 * maximum, weighted.Certificates[0].Lambda, 1e-9 * maximum);
        Assert.InRange(gap, -1e-12, 1.1e-10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_ends_where_each_lambda_alone_does(bool multinomial)
    {
        LogisticSample sample = new(300, 150, 0.08, 6, classes: multinomial ? 3 : 2);
        using SharedDesign design = sample.Design();
        IClassificationLoss loss = multinomial ? new MultinomialLoss(sample.Labels[0], 3) : new LogisticLoss(sample.Labels[0]);
        SharedLogisticOptions options = new() { LambdaRatio = 1, Tolerance = 1e-9, Intercept = true };
        double[] shares = [1, 0.5, 0.2, 0.05, 0.01];
        CancellationToken token = TestContext.Current.CancellationToken;
        IReadOnlyList<SharedLogisticSolution> path = multinomial
            ? SharedLogisticSolver.SolveClasses(design, loss, options, shares, token)
            : SharedLogisticSolver.SolvePath(design, sample.Targets(), options, shares, cancellationToken: token);
        for (int i = 0; i < shares.Length; i++)
        {
            SharedLogisticSolution alone = SharedLogisticSolver.SolveClasses(design, loss, options with { LambdaRatio = shares[i] }, [1], TestContext.Current.CancellationToken)[0];
            Assert.Equal(0, path[i].Missed);
            Assert.Equal(alone.Certificates[0].Lambda, path[i].Certificates[0].Lambda, 1e-9);
            Assert.Equal(alone.Certificates[0].Primal, path[i].Certificates[0].Primal, 2.1e-9 * alone.Certificates[0].NullLoss);
        }

        Assert.Equal(0, path[0].Coefficients.EntryCount);
        Assert.True(path[^1].Coefficients.EntryCount > path[1].Coefficients.EntryCount);
    }

    [Theory]
    [InlineData(0.1, false)]
    [InlineData(1, false)]
    [InlineData(0.1, true)]
    [InlineData(1, true)]
    public void Constant_duplicate_and_zero_columns_have_a_plain_answer(double density, bool intercept)
    {
        LogisticSample sample = new(120, 30, density, 12, targets: 3);
        for (int i = 0; i < 120; i++)
        {
            sample.X[i, 3] = 2;
            sample.X[i, 4] = sample.X[i, 5] = sample.X[i, 1];
            sample.X[i, 6] = 0;
        }

        SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.01, Intercept = intercept });
        Assert.Equal(0, solution.Missed);
        for (int t = 0; t < 3; t++)
        {
            Assert.Equal(0, SparseSample.Weight(solution.Coefficients, 6, t));
            Assert.InRange(sample.Audit(solution.Coefficients, solution.Intercepts, t, 2, intercept, solution.Certificates[t].Lambda).Gap, -1e-12, 1.0001e-4);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classes_that_can_be_separated_keep_a_certificate(bool intercept)
    {
        LogisticSample sample = new(150, 200, 1, 13);
        for (int i = 0; i < 150; i++)
        {
            sample.Labels[0][i] = sample.X[i, 0] > 0 ? 1 : 0;
        }

        foreach (double ratio in new[] { 0.1, 1e-3, 1e-5 })
        {
            SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = ratio, Intercept = intercept });
            Assert.Equal(0, solution.Missed);
            Assert.InRange(sample.Audit(solution.Coefficients, solution.Intercepts, 0, 2, intercept, solution.Certificates[0].Lambda).Gap, -1e-12, 1.0001e-4);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_target_of_one_class_is_fitted_without_intercept_and_has_gap_zero_with_one(int label)
    {
        LogisticSample sample = new(80, 20, 0.2, 14);
        Array.Fill(sample.Labels[0], label);
        SharedLogisticSolution without = sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.1 });
        Assert.NotEqual(0, without.Coefficients.EntryCount);
        Assert.All(without.Coefficients.Values.ToArray(), w => Assert.Equal(label == 1, w > 0));
        Assert.InRange(sample.Audit(without.Coefficients, without.Intercepts, 0, 2, false, without.Certificates[0].Lambda).Gap, -1e-12, 1.0001e-4);

        SharedLogisticSolution with = sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.1, Intercept = true });
        Assert.Equal(0, with.Coefficients.EntryCount);
        Assert.Equal((0.0, true, 0.0), (with.Certificates[0].RelativeGap, with.Certificates[0].Converged, with.Certificates[0].Primal));
        Assert.Equal(label == 1 ? double.PositiveInfinity : double.NegativeInfinity, with.Intercepts[0]);
    }

    [Fact]
    public void A_lambda_that_leaves_a_target_empty_costs_no_step()
    {
        LogisticSample sample = new(50, 20, 0.2, 3, targets: 3);
        SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = 1 });
        Assert.Equal(0, solution.Coefficients.EntryCount);
        Assert.All(solution.Certificates, certificate => Assert.Equal((0, true), (certificate.Iterations, certificate.Converged)));
    }

    [Fact]
    public void A_gap_out_of_reach_is_reported_as_missed()
    {
        LogisticSample sample = new(200, 80, 1, 5, targets: 2);
        SharedLogisticSolution solution = sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.01, MaximumIterations = 1 });
        Assert.Equal(2, solution.Missed);
        Assert.All(solution.Certificates, certificate => Assert.True(certificate.RelativeGap > 1e-4));
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte()
    {
        LogisticSample sample = new(300, 150, 0.05, 4, targets: 20);
        int before = DeterministicParallel.Threads;
        List<SharedLogisticSolution> results = [];
        try
        {
            foreach (int threads in new[] { 1, 2, 7 })
            {
                DeterministicParallel.Threads = threads;
                results.Add(sample.Solve(new SharedLogisticOptions { LambdaRatio = 0.02, Intercept = true }));
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }

        foreach (SharedLogisticSolution result in results)
        {
            Assert.Equal(results[0].Coefficients.RowIndices, result.Coefficients.RowIndices);
            Assert.Equal(results[0].Coefficients.Values, result.Coefficients.Values);
            Assert.Equal(results[0].Intercepts, result.Intercepts);
            Assert.Equal(results[0].Certificates, result.Certificates);
        }
    }

    [Theory]
    [InlineData(0, 1e-4, 1, "lambda")]
    [InlineData(-1, 1e-4, 1, "lambda")]
    [InlineData(double.NaN, 1e-4, 1, "lambda")]
    [InlineData(1, 0, 1, "tolerance")]
    [InlineData(1, 1e-4, 0, "penalty weight of column 2")]
    [InlineData(1, 1e-4, double.PositiveInfinity, "penalty weight of column 2")]
    public void Numbers_that_are_not_positive_are_refused(double lambda, double tolerance, double weight, string subject)
    {
        LogisticSample sample = new(10, 3, 1, 1);
        SharedLogisticOptions options = new() { Lambda = lambda, Tolerance = tolerance, PenaltyWeights = [1, 1, weight] };
        InputException refused = Assert.Throws<InputException>(() => sample.Solve(options));
        Assert.Equal(subject, refused.Subject);
    }

    [Fact]
    public void Lambda_zero_is_refused_with_its_reason()
    {
        LogisticSample sample = new(10, 3, 1, 1);
        Assert.Contains("separated", Assert.Throws<InputException>(() => sample.Solve(new SharedLogisticOptions { Lambda = 0 })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(0.5f)]
    [InlineData(-1f)]
    public void A_target_that_is_no_class_is_refused_with_its_row_and_column(float value)
    {
        using SharedDesign design = new LogisticSample(10, 3, 1, 1).Design();
        float[,] y = new float[10, 2];
        y[7, 1] = value;
        InputException refused = Assert.Throws<InputException>(
            () => SharedLogisticSolver.Solve(design, SparseSample.Compress(y), new SharedLogisticOptions { Lambda = 1 }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("row 7, column 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Matrices_and_numbers_that_do_not_fit_are_refused()
    {
        LogisticSample sample = new(10, 3, 1, 1);
        using SharedDesign design = sample.Design();
        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Throws<ArgumentException>(() => SharedLogisticSolver.Solve(design, SparseSample.Compress(new float[9, 1]), new SharedLogisticOptions { Lambda = 1 }, cancellationToken: token));
        Assert.Throws<ArgumentException>(() => sample.Solve(new SharedLogisticOptions()));
        Assert.Throws<InputException>(() => sample.Solve(new SharedLogisticOptions { Lambda = 1, PenaltyWeights = [1, 1] }));
        Assert.Throws<InputException>(() => SharedLogisticSolver.SolvePath(design, sample.Targets(), new SharedLogisticOptions { Lambda = 1 }, [0.5, 0.5], cancellationToken: token));
    }
}
