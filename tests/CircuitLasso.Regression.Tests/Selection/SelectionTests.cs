using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SelectionTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Errors_equal_those_of_refitting_and_predicting_rows_by_hand(bool standardize, bool perTarget)
    {
        PlantedSystem system = new(150, 3, 3, 1, 4, mean: 1);
        int columns = system.Columns;
        FoldAssignment assignment = new(3, 5);
        using FoldedGramStatistics folds = Accumulate(system, assignment);
        LambdaPathOptions path = new() { Count = 4, Ratio = 0.05, PerTarget = perTarget, Solver = new SolverOptions { Tolerance = 1e-10 } };
        CrossValidation validation = CrossValidation.Run(folds, system.Order, true, standardize, path);
        using BlockProblem all = new(folds.All, system.Order, true, standardize);
        for (int k = 0; k < 4; k++)
        {
            double total = 0;
            double[] perFold = new double[3];
            for (int fold = 0; fold < 3; fold++)
            {
                int[] train = [.. Enumerable.Range(0, 150).Where(r => assignment.FoldOf(r) != fold)], test = [.. Enumerable.Range(0, 150).Where(r => assignment.FoldOf(r) == fold)];
                using GramStatistics gram = RandomMatrix.Gram([.. train.SelectMany(r => system.Values.Skip(r * columns).Take(columns))], columns);
                using BlockProblem problem = new(gram, system.Order, true, standardize);
                L1Penalty penalty = perTarget
                    ? new L1Penalty([.. problem.Targets.Select(t => validation.Lambdas[k] * problem.MaximumLambda(t))])
                    : new L1Penalty(validation.Lambdas[k] * train.Length / 150);
                LassoSolution solution = new CoordinateDescentSolver().Solve(problem, penalty, path.Solver);
                double sum = 0;
                foreach (int t in problem.Targets)
                {
                    double squares = test.Sum(r => Math.Pow(
                        system.Values[(r * columns) + t] - solution.Intercepts.Span[t] - Enumerable.Range(0, columns).Sum(j => system.Values[(r * columns) + j] * solution.Coefficients[j, t]), 2));
                    sum += perTarget ? squares / (all.NullLoss(t) / 150) / problem.Targets.Count : squares / Math.Pow(all.Scales[t], 2);
                }

                total += sum;
                perFold[fold] = sum / test.Length;
            }

            Assert.Equal(total / 150, validation.Errors[k], 1e-5 * validation.Errors[k]);
            double mean = perFold.Average();
            Assert.Equal(Math.Sqrt(perFold.Sum(e => (e - mean) * (e - mean)) / 2 / 3), validation.StandardErrors[k], 1e-4 * validation.Errors[k]);
        }

        Assert.Equal(0, validation.Missed);
    }

    [Fact]
    public void The_one_standard_error_rule_takes_the_largest_lambda_that_is_as_good()
    {
        PlantedSystem system = new(500, 4, 4, 1, 6);
        using FoldedGramStatistics folds = Accumulate(system, FoldAssignment.ForRows(500));
        CrossValidation validation = CrossValidation.Run(folds, system.Order);
        double bound = validation.Errors[validation.Best] + validation.StandardErrors[validation.Best];
        Assert.Equal(validation.Errors.Min(), validation.Errors[validation.Best]);
        Assert.True(validation.OneStandardError <= validation.Best);
        Assert.True(validation.Errors[validation.OneStandardError] <= bound);
        Assert.All(validation.Errors.Take(validation.OneStandardError), error => Assert.True(error > bound));
        Assert.Equal(validation.Lambdas[validation.OneStandardError], validation.SelectedLambda);

        // At that lambda every planted edge is there.
        using BlockProblem problem = new(folds.All, system.Order);
        double[,] norms = system.Order.BlockNorms(new CoordinateDescentSolver().Solve(problem, new L1Penalty(validation.SelectedLambda)).Coefficients);
        Assert.All(system.Edges, edge => Assert.True(norms[edge.Source, edge.Target] > 0));
    }

    [Fact]
    public void Without_signal_the_rule_chooses_the_empty_matrix()
    {
        double[] x = RandomMatrix.Normal(300, 12, 5);
        BlockOrder order = BlockOrder.DesignAndTargets(8, 4);
        using FoldedGramAccumulator accumulator = new(12, FoldAssignment.ForRows(300));
        accumulator.Add(x);
        using FoldedGramStatistics folds = accumulator.Finish();
        CrossValidation validation = CrossValidation.Run(folds, order);
        Assert.Equal(0, validation.OneStandardError);
    }

    [Fact]
    public void The_extended_criterion_equals_its_formula_and_finds_the_planted_edges()
    {
        PlantedSystem system = new(800, 4, 4, 1, 6);
        using GramStatistics gram = system.Gram();
        using BlockProblem problem = new(gram, system.Order, intercept: false);
        LambdaPath path = LambdaPath.Fit(problem);
        IReadOnlyList<double> values = ExtendedBayesianCriterion.Values(problem, path, 1);
        int last = path.Solutions.Count - 1;
        double expected = 0;
        foreach (int t in problem.Targets)
        {
            int place = system.Order.Blocks[system.Order.BlockOf(t)].Place;
            double squares = Enumerable.Range(0, 800).Sum(i => Math.Pow(
                system.Values[(i * 16) + t] - Enumerable.Range(0, 16).Sum(j => system.Values[(i * 16) + j] * path.Solutions[last].Coefficients[j, t]), 2));
            int count = path.Solutions[last].Coefficients.RowsOf(t).Length;
            expected += (800 * Math.Log(squares / 800)) + (count * Math.Log(800)) + (2 * count * Math.Log(4 * place));
        }

        Assert.Equal(expected, values[last], 1e-6 * Math.Abs(expected));
        int chosen = ExtendedBayesianCriterion.Select(problem, path);
        Assert.Equal(ExtendedBayesianCriterion.Values(problem, path).Min(), ExtendedBayesianCriterion.Values(problem, path)[chosen]);
        double[,] norms = system.Order.BlockNorms(path.Solutions[chosen].Coefficients);
        Assert.All(system.Edges, edge => Assert.True(norms[edge.Source, edge.Target] > 0));
        Assert.Throws<InputException>(() => ExtendedBayesianCriterion.Values(problem, path, 2));
    }

    [Fact]
    public void Folds_follow_the_stated_rule()
    {
        FoldAssignment assignment = FoldAssignment.ForRows(400, 5);
        Assert.Equal(10, assignment.ConsecutiveRows);
        Assert.Equal([0, 0, 1, 4, 0], new long[] { 0, 9, 10, 49, 50 }.Select(assignment.FoldOf));
        Assert.Equal(1, FoldAssignment.ForRows(7).ConsecutiveRows);
        Assert.Equal(256, FoldAssignment.ForRows(10_000_000).ConsecutiveRows);
        Assert.Throws<InputException>(() => FoldAssignment.ForRows(4));
        using FoldedGramAccumulator few = new(1, new FoldAssignment(3, 10));
        few.Add(new double[12]);
        Assert.Contains("fold 2", Assert.Throws<InputException>(few.Finish).Message, StringComparison.Ordinal);
    }

    private static FoldedGramStatistics Accumulate(PlantedSystem system, FoldAssignment assignment)
    {
        using FoldedGramAccumulator accumulator = new(system.Columns, assignment);
        accumulator.Add(system.Values);
        return accumulator.Finish();
    }
}
