using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

[Collection("number of threads")]
public sealed class RowGroupsTests
{
    private const int Texts = 60;
    private const int Columns = 80;

    // Texts of 3 to 17 rows.
    private static readonly int[] _textOfRow = [.. Enumerable.Range(0, Texts).SelectMany(text => Enumerable.Repeat(text * 5, 3 + (text * 7 % 15)))];
    private static readonly RowGroups _groups = new(_textOfRow);

    [Fact]
    public void Runs_of_one_label_are_groups_and_a_label_that_returns_is_refused()
    {
        RowGroups groups = new([7, 7, 2, 9, 9, 9]);
        Assert.Equal(6, groups.Rows);
        Assert.Equal(3, groups.Count);
        Assert.Equal([0, 0, 1, 2, 2, 2], Enumerable.Range(0, 6).Select(row => groups.GroupOf(row)));
        RowGroups some = groups.SelectRows([1, 3, 5]);
        Assert.Equal([0, 1, 1], Enumerable.Range(0, 3).Select(row => some.GroupOf(row)));
        Assert.Throws<ArgumentOutOfRangeException>(() => groups.GroupOf(6));
        Assert.Throws<ArgumentOutOfRangeException>(() => groups.GroupOf(-1));
        Assert.Throws<ArgumentException>(() => new RowGroups([1, 2, 1]));
        Assert.ThrowsAny<ArgumentException>(() => new RowGroups([]));
        Assert.Throws<ArgumentException>(() => groups.SelectRows([3, 0, 4]));
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(5, 4)]
    [InlineData(20, 2)]
    public void Rows_of_one_text_are_never_in_two_folds_and_each_fold_has_whole_runs_of_texts(int folds, int run)
    {
        FoldAssignment assignment = new(folds, run, _groups);
        for (int row = 0; row < _groups.Rows; row++)
        {
            Assert.Equal(_textOfRow[row] / 5 / run % folds, assignment.FoldOf(row));
        }

        FoldAssignment chosen = FoldAssignment.ForGroups(_groups, folds);
        Assert.Equal(Math.Max(1, Texts / (8 * folds)), chosen.ConsecutiveRows);
        Assert.Same(_groups, chosen.Groups);
        Assert.Equal(folds, Enumerable.Range(0, _groups.Rows).Select(row => chosen.FoldOf(row)).Distinct().Count());
    }

    [Fact]
    public void Groups_of_one_row_have_the_folds_the_shuffles_and_the_results_of_rows_without_groups()
    {
        const int Rows = 200;
        RowGroups single = new([.. Enumerable.Range(0, Rows)]);
        FoldAssignment plain = FoldAssignment.ForRows(Rows), grouped = FoldAssignment.ForGroups(single);
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => plain.FoldOf(row)), Enumerable.Range(0, Rows).Select(row => grouped.FoldOf(row)));
        Assert.Equal(plain.Shuffle(Rows, 3, 2), grouped.Shuffle(Rows, 3, 2));
        double[] y = RandomMatrix.Normal(Rows, 1, 8);
        using DenseDesign design = DenseDesign.FromRows(RandomMatrix.Correlated(Rows, 6, 7), 6);
        NumberPredictability one = NumberPredictability.Measure(design, y, plain), other = NumberPredictability.Measure(design, y, grouped);
        Assert.Equal(one.RSquared.Value, other.RSquared.Value);
        Assert.Equal(one.RSquared.Shuffled, other.RSquared.Shuffled);
        Assert.Equal(one.AreaUnderCurve.Shuffled, other.AreaUnderCurve.Shuffled);
        Assert.Equal(one.Coefficients, other.Coefficients);
    }

    [Fact]
    public void A_shuffle_moves_whole_texts_and_keeps_the_order_within()
    {
        int[] rows = new FoldAssignment(5, 1, _groups).Shuffle(_groups.Rows, 4, 1);
        Assert.Equal(Enumerable.Range(0, _groups.Rows), rows.Order());
        Assert.NotEqual(Enumerable.Range(0, _groups.Rows), rows);
        for (int i = 1; i < rows.Length; i++)
        {
            bool startsAText = rows[i] == 0 || _groups.GroupOf(rows[i]) != _groups.GroupOf(rows[i] - 1);
            Assert.True(startsAText || rows[i] == rows[i - 1] + 1);
        }
    }

    [Fact]
    public void Numbers_drawn_by_lot_for_each_text_of_copies_are_at_chance_with_groups_and_predictable_without()
    {
        double[] lots = RandomMatrix.Normal(Texts, 1, 6);
        using DenseDesign design = Copies();
        double[] y = [.. _textOfRow.Select(text => lots[text / 5])];
        NumberPredictability leaky = NumberPredictability.Measure(design, y, new FoldAssignment(5, 2), new PredictabilityOptions { Shuffles = 3 });
        Assert.True(leaky.RSquared.Value > 0.3);
        Assert.True(leaky.AreaUnderCurve.Value > 0.8);
        NumberPredictability whole = NumberPredictability.Measure(design, y, FoldAssignment.ForGroups(_groups), new PredictabilityOptions { Shuffles = 3 });
        Assert.InRange(whole.RSquared.Value, -0.5, 0.1);
        Assert.InRange(whole.AreaUnderCurve.Value, 0.25, 0.7);
        Assert.False(whole.IsPredictable);
    }

    [Fact]
    public void Classes_drawn_by_lot_for_each_text_of_copies_are_at_chance_with_groups_and_predictable_without()
    {
        double[] lots = RandomMatrix.Normal(Texts, 1, 9);
        using DenseDesign design = Copies();
        int[] labels = [.. _textOfRow.Select(text => lots[text / 5] > 0 ? 1 : 0)];
        ClassPredictability leaky = ClassPredictability.Measure(design, labels, new FoldAssignment(5, 2), new PredictabilityOptions { Shuffles = 2 });
        Assert.True(leaky.AreaUnderCurve.Value > 0.8);
        ClassPredictability whole = ClassPredictability.Measure(design, labels, FoldAssignment.ForGroups(_groups), new PredictabilityOptions { Shuffles = 2 });
        Assert.InRange(whole.AreaUnderCurve.Value, 0.25, 0.7);
        Assert.False(whole.IsPredictable);
    }

    [Fact]
    public void Too_few_texts_and_groups_of_other_rows_are_refused()
    {
        RowGroups four = new([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3]);
        Assert.Contains("texts", Assert.Throws<InputException>(() => FoldAssignment.ForGroups(four)).Message, StringComparison.Ordinal);
        using DenseDesign design = DenseDesign.FromRows(RandomMatrix.Correlated(12, 2, 7), 2);
        double[] y = [.. Enumerable.Range(0, 12).Select(i => (double)i)];
        Assert.Throws<InputException>(() => NumberPredictability.Measure(design, y, new FoldAssignment(4, 2, four)));
        Assert.Throws<ArgumentException>(() => NumberPredictability.Measure(design, y, FoldAssignment.ForGroups(_groups)));
        using FoldedGramAccumulator accumulator = new(1, new FoldAssignment(4, 1, four));
        accumulator.Add(new double[12]);
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.Add(new double[1]));
    }

    [Fact]
    public void Half_samples_of_a_shared_design_are_of_whole_texts()
    {
        // One text alone carries the coefficient, so that it is chosen in exactly those halves that hold the text: whole texts, one of each pair.
        const int Rows = 80;
        RowGroups groups = new([.. Enumerable.Range(0, Rows).Select(row => row / 4)]);
        float[] x = [.. Enumerable.Range(0, Rows).Select(row => row is >= 4 and < 8 ? 1f : 0f)];
        CompressedColumns<float> column = new(Rows, [0, 4], [4, 5, 6, 7], x[4..8]);
        using SharedDesign design = SharedDesign.Create(column);
        SharedGramOptions options = new() { Lambda = 0.1 };
        SharedGramSolution solution = SharedGramSolver.Solve(design, null, column, options, cancellationToken: TestContext.Current.CancellationToken);
        double Frequency(FoldAssignment folds) =>
            SharedStability.Run(design, column, solution, options, folds, 40, cancellationToken: TestContext.Current.CancellationToken).Frequencies.ValuesOf(0).ToArray().Sum();

        Assert.Equal(0.5, Frequency(FoldAssignment.ForGroups(groups, 20)));
        Assert.True(Frequency(new FoldAssignment(20, 1)) > 0.8);
    }

    private static DenseDesign Copies()
    {
        double[] x = RandomMatrix.Normal(Texts, Columns, 5);
        return DenseDesign.FromRows([.. _textOfRow.SelectMany(text => x.Skip(text / 5 * Columns).Take(Columns))], Columns);
    }
}
