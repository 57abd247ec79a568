using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class DefinedRowsTests
{
    [Fact]
    public void Data_whose_target_is_defined_everywhere_stays_the_same_object()
    {
        ArrayLearningData data = Data(4);
        LearningTarget target = LearningTarget.Behaviour("logprob", [1, 2, 3, 4]);
        Assert.Equal((data, target), DefinedRows.Keep(data, target));
        Assert.Equal((data, null), DefinedRows.Keep(data, null));
        LearningTarget label = LearningTarget.Label([0, 1, 0, 1], ["a", "b"]);
        Assert.Equal((data, label), DefinedRows.Keep(data, label));
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(40, 1)]
    [InlineData(1_500_000, 499_000)] // too far apart to be read through
    public void Rows_without_a_target_are_left_out_and_the_others_keep_their_numbers(int rows, int step)
    {
        ArrayLearningData data = Data(rows);
        double[] numbers = [.. Enumerable.Range(0, rows).Select(row => row % step == 0 ? row : double.NaN)];
        int[] expected = [.. Enumerable.Range(0, rows).Where(row => !double.IsNaN(numbers[row]))];

        (ILearningData kept, LearningTarget? target) = DefinedRows.Keep(data, LearningTarget.Behaviour("logprob", numbers));

        Assert.Equal(expected.Length, kept.Rows);
        Assert.Equal("logprob", target!.Name);
        Assert.Equal(expected.Select(row => (double)row), target.Numbers!);
        Assert.Same(data.Blocks, kept.Blocks);
        Assert.Equal(data.Subject, kept.Subject);
        for (int start = 0; start < expected.Length; start++)
        {
            int count = Math.Min(3, expected.Length - start);
            float[] read = new float[count * 3];
            kept.ReadRows(start, count, read);
            Assert.Equal(expected.Skip(start).Take(count).SelectMany(row => (float[])[row, -row, 2 * row]), read);
        }
    }

    [Fact]
    public void A_target_that_is_defined_nowhere_is_refused()
    {
        InputException exception = Assert.Throws<InputException>(() => DefinedRows.Keep(Data(2), LearningTarget.Behaviour("logprob", [double.NaN, double.NaN])));
        Assert.Contains("logprob is defined for no row", exception.Problem, StringComparison.Ordinal);
    }

    private static ArrayLearningData Data(int rows)
    {
        float[,] pair = new float[rows, 2];
        float[,] single = new float[rows, 1];
        for (int row = 0; row < rows; row++)
        {
            (pair[row, 0], pair[row, 1], single[row, 0]) = (row, -row, 2 * row);
        }

        return new ArrayLearningData(("pair", 0, pair), ("single", 1, single));
    }
}
