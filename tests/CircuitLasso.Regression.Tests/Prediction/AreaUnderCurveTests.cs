namespace CircuitLasso.Regression.Tests;

public sealed class AreaUnderCurveTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(30, 4)]
    [InlineData(200, 7)]
    [InlineData(200, 100000)]
    public void It_equals_the_count_over_all_pairs_with_ties_as_halves(int rows, int levels)
    {
        Random random = new(rows + levels);
        double[] scores = [.. Enumerable.Range(0, rows).Select(_ => (double)random.Next(levels))];
        bool[] labels = [.. Enumerable.Range(0, rows).Select(i => i == 0 || (i > 1 && random.Next(3) == 0))];
        double pairs = 0, count = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < rows; j++)
            {
                if (labels[i] && !labels[j])
                {
                    count++;
                    pairs += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                }
            }
        }

        Assert.Equal(pairs / count, AreaUnderCurve.Of(scores, labels), 1e-12);
    }

    [Fact]
    public void One_class_alone_has_no_area()
    {
        Assert.True(double.IsNaN(AreaUnderCurve.Of([1, 2], [true, true])));
        Assert.True(double.IsNaN(AreaUnderCurve.OneAgainstRest([1, 2], [1, -1])));
    }

    [Fact]
    public void Scores_that_are_all_infinite_tie()
    {
        Assert.Equal(0.5, AreaUnderCurve.Of([double.NegativeInfinity, double.NegativeInfinity], [true, false]));
        Assert.Throws<ArgumentException>(() => AreaUnderCurve.Of([double.NaN, 1], [true, false]));
    }

    [Fact]
    public void Several_classes_are_averaged_one_against_the_rest()
    {
        double[] scores = RandomMatrix.Normal(30, 3, 2);
        int[] labels = [.. Enumerable.Range(0, 30).Select(i => i % 7 == 6 ? -1 : i % 3)];
        double mean = Enumerable.Range(0, 3).Average(c =>
        {
            int[] rows = [.. Enumerable.Range(0, 30).Where(i => labels[i] >= 0)];
            return AreaUnderCurve.Of([.. rows.Select(i => scores[(c * 30) + i])], [.. rows.Select(i => labels[i] == c)]);
        });
        Assert.Equal(mean, AreaUnderCurve.OneAgainstRest(scores, labels), 1e-12);
    }
}
