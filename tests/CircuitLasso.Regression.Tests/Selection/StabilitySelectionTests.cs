using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class StabilitySelectionTests
{
    private static readonly SolverOptions _tight = new() { Tolerance = 1e-10 };

    [Theory]
    [InlineData(6, true, false)]
    [InlineData(7, false, false)]
    [InlineData(6, true, true)]
    public void Frequencies_equal_those_of_refitting_the_rows_of_each_half(int count, bool intercept, bool standardize)
    {
        PlantedSystem system = new(150, 3, 3, 1, 4, mean: 1);
        FoldAssignment assignment = new(count, 4);
        using FoldedGramStatistics folds = Accumulate(system.Values, system.Columns, assignment);
        using BlockProblem all = new(folds.All, system.Order, intercept, standardize);
        double lambda = 0.1 * all.MaximumLambda();
        StabilityOptions options = new() { Pairs = 4, Seed = 9, Intercept = intercept, Standardize = standardize, Solver = _tight };
        StabilitySelection selection = StabilitySelection.Run(folds, system.Order, new L1Penalty(lambda), options);
        double[,] expected = new double[9, 9], blocks = new double[3, 3];
        for (int half = 0; half < 8; half++)
        {
            int[] chosen = StabilitySelection.HalfSample(count, 9, half), pair = StabilitySelection.HalfSample(count, 9, half ^ 1);
            Assert.Equal(count / 2, chosen.Length);
            Assert.Equal(2 * (count / 2), chosen.Union(pair).Count());
            int[] rows = [.. Enumerable.Range(0, 150).Where(r => chosen.Contains(assignment.FoldOf(r)))];
            using GramStatistics gram = RandomMatrix.Gram([.. rows.SelectMany(r => system.Values.Skip(r * 9).Take(9))], 9);
            using BlockProblem problem = new(gram, system.Order, intercept, standardize);
            LassoSolution solution = new CoordinateDescentSolver().Solve(problem, new L1Penalty(lambda * rows.Length / 150), _tight);
            double[,] norms = system.Order.BlockNorms(solution.Coefficients);
            for (int k = 0; k < 81; k++)
            {
                expected[k / 9, k % 9] += solution.Coefficients[k / 9, k % 9] != 0 ? 0.125 : 0;
                blocks[k / 9 / 3, k % 9 / 3] += k / 9 % 3 == 0 && k % 9 % 3 == 0 && norms[k / 9 / 3, k % 9 / 3] > 0 ? 0.125 : 0;
            }
        }

        for (int k = 0; k < 81; k++)
        {
            Assert.Equal(expected[k / 9, k % 9], selection.Frequencies[k / 9, k % 9]);
        }

        Assert.Equal(blocks, selection.BlockFrequencies);
        Assert.Equal((8, 0, 27L), (selection.HalfSamples, selection.Missed, selection.Candidates));
        Assert.Equal(expected.Cast<double>().Sum(), selection.AverageSelected, 1e-12);
        Assert.Equal(Math.Pow(selection.AverageSelected, 2) / (0.6 * 27), selection.ExpectedFalseSelections(0.8), 1e-12);
        Assert.Contains(selection.Frequencies.Values.ToArray(), frequency => frequency < 1);
    }

    [Fact]
    public void Planted_entries_are_found_in_every_half_and_noise_in_few()
    {
        // Twelve columns; the three targets are sums of two of nine sources.
        double[] x = RandomMatrix.Normal(600, 12, 8);
        for (int i = 0; i < 600; i++)
        {
            for (int t = 0; t < 3; t++)
            {
                x[(i * 12) + 9 + t] += x[(i * 12) + t] - (0.7 * x[(i * 12) + t + 4]);
            }
        }

        BlockOrder order = BlockOrder.DesignAndTargets(9, 3);
        using FoldedGramStatistics folds = Accumulate(x, 12, FoldAssignment.ForRows(600, 20));
        using BlockProblem problem = new(folds.All, order);
        StabilitySelection selection = StabilitySelection.Run(folds, order, new L1Penalty(0.15 * problem.MaximumLambda()));
        for (int t = 0; t < 3; t++)
        {
            for (int j = 0; j < 9; j++)
            {
                double frequency = selection.Frequencies[j, 9 + t];
                Assert.True(j == t || j == t + 4 ? frequency == 1 : frequency < 0.5, $"column {j} explains target {t} in {frequency} of the halves");
            }
        }

        Assert.Equal(100, selection.HalfSamples);
        Assert.True(selection.ExpectedFalseSelections(0.9) < 3);
    }

    [Fact]
    public void Lambda_shrinks_with_the_rows_so_that_repeated_rows_change_nothing()
    {
        // Every fold holds the same thirty rows: each half has the solution of all rows, which is that of one copy at a quarter of lambda.
        PlantedSystem system = new(30, 3, 4, 2, 6);
        double[] repeated = [.. Enumerable.Repeat(system.Values, 4).SelectMany(values => values)];
        using FoldedGramStatistics folds = Accumulate(repeated, 12, new FoldAssignment(4, 30));
        using GramStatistics once = system.Gram();
        using BlockProblem all = new(folds.All, system.Order), single = new(once, system.Order);
        L1Penalty penalty = new(0.2 * all.MaximumLambda());
        LassoSolution whole = new CoordinateDescentSolver().Solve(all, penalty, _tight), copy = new CoordinateDescentSolver().Solve(single, penalty.Scale(0.25), _tight);
        StabilitySelection selection = StabilitySelection.Run(folds, system.Order, penalty, new StabilityOptions { Pairs = 5, Solver = _tight });
        Assert.Equal(double.Epsilon, ((L1Penalty)new L1Penalty(double.Epsilon).Scale(0.5)).Lambda(0));
        Assert.True(whole.Coefficients.NonZeros is > 5 and < 40);
        Assert.True(whole.Coefficients.RowIndices.SequenceEqual(selection.Frequencies.RowIndices));
        Assert.True(whole.Coefficients.ColumnStarts.SequenceEqual(selection.Frequencies.ColumnStarts));
        Assert.All(selection.Frequencies.Values.ToArray(), frequency => Assert.Equal(1, frequency));
        Assert.All(Enumerable.Range(0, whole.Coefficients.NonZeros), i => Assert.Equal(whole.Coefficients.Values[i], copy.Coefficients.Values[i], 1e-6));
    }

    [Fact]
    public void A_seed_gives_the_same_bytes_for_any_number_of_threads_and_another_seed_other_halves()
    {
        PlantedSystem system = new(120, 4, 6, 2, 2);
        using FoldedGramStatistics folds = Accumulate(system.Values, system.Columns, new FoldAssignment(10, 3));
        using BlockProblem all = new(folds.All, system.Order);
        L1Penalty penalty = new(0.1 * all.MaximumLambda());
        StabilitySelection Run(ulong seed) => StabilitySelection.Run(folds, system.Order, penalty, new StabilityOptions { Pairs = 5, Seed = seed });
        int before = DeterministicParallel.Threads;
        try
        {
            StabilitySelection[] runs = [.. new[] { 1, 2, 5 }.Select(threads =>
            {
                DeterministicParallel.Threads = threads;
                return Run(3);
            })];
            Assert.All(runs, run =>
            {
                Assert.True(runs[0].Frequencies.RowIndices.SequenceEqual(run.Frequencies.RowIndices));
                Assert.True(runs[0].Frequencies.Values.SequenceEqual(run.Frequencies.Values));
            });
            StabilitySelection other = Run(4);
            Assert.False(runs[0].Frequencies.RowIndices.SequenceEqual(other.Frequencies.RowIndices) && runs[0].Frequencies.Values.SequenceEqual(other.Frequencies.Values));
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void Groups_are_chosen_as_a_whole_by_the_solver_that_is_given()
    {
        PlantedSystem system = new(200, 3, 4, 2, 5);
        using FoldedGramStatistics folds = Accumulate(system.Values, 12, new FoldAssignment(8, 5));
        using BlockProblem all = new(folds.All, system.Order);
        ColumnGroups groups = ColumnGroups.Neighbours(12, 2);
        GroupL1Penalty penalty = new(0.2 * groups.MaximumLambda(all), groups);
        StabilitySelection selection = StabilitySelection.Run(folds, system.Order, penalty, new StabilityOptions { Pairs = 4 }, new GroupDescentSolver());
        Assert.True(selection.Frequencies.NonZeros > 0);
        foreach (int target in all.Targets)
        {
            Assert.All([0, 2, 4, 6], j => Assert.Equal(selection.Frequencies[j, target], selection.Frequencies[j + 1, target]));
        }
    }

    [Fact]
    public void Solves_that_miss_their_gap_are_counted_and_what_cannot_be_done_is_refused()
    {
        PlantedSystem system = new(60, 3, 8, 2, 5);
        using FoldedGramStatistics folds = Accumulate(system.Values, 24, new FoldAssignment(4, 5)), few = Accumulate(system.Values, 24, new FoldAssignment(3, 5));
        StabilityOptions hasty = new() { Pairs = 1, Solver = new SolverOptions { Tolerance = 1e-12, MaximumIterations = 1 } };
        StabilitySelection selection = StabilitySelection.Run(folds, system.Order, new L1Penalty(0.01), hasty);
        Assert.True(selection.Missed > 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => selection.ExpectedFalseSelections(0.5));
        Assert.Contains("3 folds", Assert.Throws<InputException>(() => StabilitySelection.Run(few, system.Order, new L1Penalty(1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => StabilitySelection.Run(folds, system.Order, new L1Penalty(1), new StabilityOptions { Pairs = 0 }));
        Assert.Throws<ArgumentException>(() => StabilitySelection.Run(folds, system.Order, new L1Penalty(1), solver: new GroupDescentSolver()));
    }

    private static FoldedGramStatistics Accumulate(double[] values, int columns, FoldAssignment assignment)
    {
        using FoldedGramAccumulator accumulator = new(columns, assignment);
        accumulator.Add(values);
        return accumulator.Finish();
    }
}
