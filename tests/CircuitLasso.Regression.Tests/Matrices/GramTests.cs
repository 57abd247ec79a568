using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class GramTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(7, 3)]
    [InlineData(256, 4)]
    [InlineData(1000, 17)]
    [InlineData(1300, 200)]
    public void Products_and_means_equal_the_definition(int rows, int columns)
    {
        double[] x = RandomMatrix.Correlated(rows, columns, 3);
        using GramStatistics gram = RandomMatrix.Gram(x, columns);
        Assert.Equal(rows, gram.Rows);
        for (int i = 0; i < columns; i += 1 + (columns / 9))
        {
            double mean = Enumerable.Range(0, rows).Average(r => x[(r * columns) + i]);
            Assert.Equal(mean, gram.Means[i], 1e-12);
            for (int j = 0; j < columns; j++)
            {
                double product = Enumerable.Range(0, rows).Sum(r => x[(r * columns) + i] * x[(r * columns) + j]);
                double other = Enumerable.Range(0, rows).Average(r => x[(r * columns) + j]);
                Assert.Equal(product, gram.Product(i, j), 1e-10 * rows);
                Assert.Equal(product - (rows * mean * other), gram.CentredProducts(i)[j], 1e-10 * rows);
                Assert.Equal(gram.CentredProducts(i)[j], gram.CentredProducts(j)[i]);
            }
        }
    }

    [Fact]
    public void Centred_products_survive_a_mean_a_million_times_the_spread()
    {
        const int rows = 2000;
        double[] noise = RandomMatrix.Normal(rows, 1, 5);
        using GramStatistics near = RandomMatrix.Gram(noise, 1);
        using GramStatistics far = RandomMatrix.Gram([.. noise.Select(v => v + 1e6)], 1);
        Assert.Equal(near.CentredProducts(0)[0], far.CentredProducts(0)[0], 1e-6 * rows);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(256)]
    [InlineData(700)]
    public void Bytes_do_not_depend_on_how_rows_are_cut_into_calls(int step)
    {
        const int columns = 11;
        double[] x = RandomMatrix.Correlated(1500, columns, 1);
        using GramStatistics whole = RandomMatrix.Gram(x, columns);
        using GramAccumulator accumulator = new(columns);
        for (int start = 0; start < x.Length; start += step * columns)
        {
            accumulator.Add(x.AsSpan(start, Math.Min(step * columns, x.Length - start)));
        }

        using GramStatistics pieces = accumulator.Finish();
        AssertSame(whole, pieces);
    }

    [Theory]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 2, 3 })]
    [InlineData(new[] { 1, 4, 5, 6 })]
    [InlineData(new[] { 5 })]
    public void Shards_that_start_at_a_block_give_the_bytes_of_one_pass(int[] starts)
    {
        const int columns = 6, rows = (7 * GramAccumulator.BlockRows) + 100;
        double[] x = RandomMatrix.Correlated(rows, columns, 2);
        using GramStatistics whole = RandomMatrix.Gram(x, columns);
        int[] bounds = [0, .. starts, 8];
        using GramAccumulator first = Shard(0);
        for (int s = 1; s < bounds.Length - 1; s++)
        {
            using GramAccumulator next = Shard(s);
            first.Append(next);
        }

        using GramStatistics joined = first.Finish();
        AssertSame(whole, joined);

        GramAccumulator Shard(int s)
        {
            GramAccumulator shard = new(columns, bounds[s]);
            int from = bounds[s] * GramAccumulator.BlockRows, to = Math.Min(rows, bounds[s + 1] * GramAccumulator.BlockRows);
            shard.Add(x.AsSpan(from * columns, (to - from) * columns));
            return shard;
        }
    }

    [Fact]
    public void A_shard_that_does_not_follow_is_refused()
    {
        using GramAccumulator first = new(2);
        using GramAccumulator later = new(2, firstBlock: 3);
        Assert.Throws<ArgumentException>(() => first.Append(later));
    }

    [Fact]
    public void Single_precision_rows_give_what_their_values_give_in_double_precision()
    {
        float[] x = [.. RandomMatrix.Normal(300, 4, 8).Select(v => (float)v)];
        using GramAccumulator single = new(4);
        single.Add(x);
        using GramStatistics expected = RandomMatrix.Gram([.. x.Select(v => (double)v)], 4);
        using GramStatistics actual = single.Finish();
        AssertSame(expected, actual);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused_by_row_and_column(double value)
    {
        double[] x = RandomMatrix.Normal(600, 5, 1);
        x[(517 * 5) + 3] = value;
        using GramAccumulator accumulator = new(5, subject: "store");
        InputException exception = Assert.Throws<InputException>(() => accumulator.Add(x));
        Assert.Contains("row 517, column 3", exception.Message, StringComparison.Ordinal);
        Assert.Equal("store", exception.Subject);
        using FoldedGramAccumulator folded = new(5, new FoldAssignment(3, 10));
        Assert.Contains("row 517, column 3", Assert.Throws<InputException>(() => folded.Add(x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_overflow_in_their_squares_are_refused()
    {
        using GramAccumulator accumulator = new(2);
        accumulator.Add([1.0, 1e200, 2.0, -1e200]);
        Assert.Contains("column 1", Assert.Throws<InputException>(accumulator.Finish).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_rows_are_refused()
    {
        using GramAccumulator accumulator = new(2);
        Assert.Throws<InputException>(accumulator.Finish);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(3, 40)]
    public void A_fold_taken_from_all_rows_equals_the_other_folds_accumulated(int folds, int run)
    {
        const int columns = 8, rows = 900;
        double[] x = RandomMatrix.Correlated(rows, columns, 6);
        FoldAssignment assignment = new(folds, run);
        using FoldedGramAccumulator accumulator = new(columns, assignment);
        accumulator.Add(x);
        using FoldedGramStatistics folded = accumulator.Finish();
        for (int fold = 0; fold < folds; fold++)
        {
            using GramStatistics rest = folded.Without(fold);
            using GramStatistics direct = RandomMatrix.Gram([.. Enumerable.Range(0, rows).Where(r => assignment.FoldOf(r) != fold).SelectMany(r => x.Skip(r * columns).Take(columns))], columns);
            Assert.Equal(direct.Rows, rest.Rows);
            for (int i = 0; i < columns; i++)
            {
                Assert.Equal(direct.Means[i], rest.Means[i], 1e-12);
                for (int j = 0; j < columns; j++)
                {
                    Assert.Equal(direct.CentredProducts(i)[j], rest.CentredProducts(i)[j], 1e-9);
                }
            }
        }
    }

    [Fact]
    public void Merging_and_then_subtracting_gives_the_first_part_back()
    {
        using GramStatistics first = RandomMatrix.Gram(RandomMatrix.Correlated(300, 4, 1), 4);
        using GramStatistics second = RandomMatrix.Gram(RandomMatrix.Correlated(200, 4, 2), 4);
        using GramStatistics both = GramStatistics.Merge(first, second);
        using GramStatistics back = both.Subtract(second);
        Assert.Equal(500, both.Rows);
        Assert.Equal(300, back.Rows);
        for (int j = 0; j < 4; j++)
        {
            Assert.Equal(first.CentredProducts(1)[j], back.CentredProducts(1)[j], 1e-9);
        }

        Assert.Throws<ArgumentException>(() => first.Subtract(both));
    }

    internal static void AssertSame(GramStatistics expected, GramStatistics actual)
    {
        Assert.Equal(expected.Rows, actual.Rows);
        Assert.True(expected.Means.SequenceEqual(actual.Means));
        for (int j = 0; j < expected.Columns; j++)
        {
            Assert.True(expected.CentredProducts(j).SequenceEqual(actual.CentredProducts(j)));
        }
    }
}
