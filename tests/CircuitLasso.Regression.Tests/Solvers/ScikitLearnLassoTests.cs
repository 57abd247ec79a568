namespace CircuitLasso.Regression.Tests;

public sealed class ScikitLearnLassoTests
{
    [Theory]
    [InlineData(50, 1, 1, true)]
    [InlineData(100, 10, 3, true)]
    [InlineData(100, 10, 3, false)]
    [InlineData(300, 40, 5, true)]
    [InlineData(300, 40, 5, false)]
    [InlineData(40, 60, 2, true)]
    public void Coefficients_and_intercepts_equal_those_of_scikit_learn(int rows, int features, int targets, bool intercept)
    {
        int columns = features + targets;
        double[] x = RandomMatrix.Correlated(rows, columns, rows + features, share: 0.3);
        for (int i = 0; i < rows; i++)
        {
            for (int t = 0; t < targets; t++)
            {
                x[(i * columns) + features + t] += x[(i * columns) + (t % features)] - (0.5 * x[(i * columns) + (7 * t % features)]);
            }
        }

        using GramStatistics gram = RandomMatrix.Gram(x, columns);
        using BlockProblem problem = new(gram, BlockOrder.DesignAndTargets(features, targets), intercept);
        double[] lambdas = [.. new[] { 0.7, 0.3, 0.1, 0.03 }.Select(ratio => ratio * problem.MaximumLambda())];
        const string program = """
            from sklearn.linear_model import Lasso
            n, p, intercept = int(a[0][0]), int(a[0][1]), bool(a[0][2])
            H = a[1].reshape(n, -1)
            for lam in a[2]:
                for t in range(p, H.shape[1]):
                    m = Lasso(alpha=lam / (2 * n), fit_intercept=intercept, tol=1e-10, max_iter=1000000).fit(np.asfortranarray(H[:, :p]), H[:, t])
                    out(m.coef_); out(m.intercept_)
            """;
        double[] expected = ScikitLearn.Run(program, [rows, features, intercept ? 1 : 0], x, lambdas);
        int at = 0;
        foreach (double lambda in lambdas)
        {
            LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(lambda), new SolverOptions { Tolerance = 1e-12 });
            Assert.True(solution.Converged);
            for (int t = features; t < columns; t++)
            {
                for (int j = 0; j < features; j++)
                {
                    Assert.Equal(expected[at++], solution.Coefficients[j, t], 1e-5);
                }

                Assert.Equal(expected[at++], solution.Intercepts.Span[t], 1e-5);
            }
        }

        Assert.Equal(expected.Length, at);
    }
}
