using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SparseGramAccumulatorTests
{
    private const int Features = 60, BlockRows = 50;

    [Theory]
    [InlineData(1, 7)]
    [InlineData(50, 50)]
    [InlineData(333, 1)]
    [InlineData(520, 64)]
    [InlineData(700, 700)]
    public void Streamed_rows_have_the_bytes_of_the_whole_design(int rows, int step)
    {
        float[,] x = new SparseSample(rows, Features, 1, 0.03, rows).X;
        SparseGramAccumulator accumulator = Stream(x, 0, rows, step);
        Assert.Equal((Features, rows), (accumulator.Columns, accumulator.Rows));
        AssertSameBytes(x, accumulator);
    }

    [Theory]
    [InlineData(520, 100, 350)]
    [InlineData(520, 50, 100)]
    [InlineData(701, 250, 700)]
    public void Three_shards_have_the_bytes_of_the_whole_design(int rows, int second, int third)
    {
        float[,] x = new SparseSample(rows, Features, 1, 0.03, rows).X;
        SparseGramAccumulator first = Stream(x, 0, second, 33), middle = Stream(x, second, third, 50);
        middle.Append(Stream(x, third, rows, 20));
        first.Append(middle);
        Assert.Equal(rows, first.Rows);
        AssertSameBytes(x, first);
    }

    [Fact]
    public void Sums_that_cancel_between_blocks_are_no_entries()
    {
        float[,] x = new float[6, 3];
        (x[0, 0], x[0, 1], x[3, 0], x[3, 1], x[5, 2]) = (1, 2, 1, -2, 4);
        SparseGramAccumulator accumulator = new(3, 0, "design", 2);
        accumulator.Add(Rows(x, 0, 6));
        using SharedGram gram = accumulator.Finish(TestContext.Current.CancellationToken);
        using SparseDesign design = new(SparseSample.Compress(x), centred: false, 2);
        using SharedGram expected = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.Equal((0, 2, 8, 16), (gram[0, 1], gram[0, 0], gram[1, 1], gram[2, 2]));
        Assert.Equal(expected.Bytes, gram.Bytes);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        SparseGramAccumulator accumulator = new(3, 4, "rows", 2);
        Assert.Contains("it has no rows", Assert.Throws<InputException>(() => accumulator.Finish(TestContext.Current.CancellationToken)).Problem, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => accumulator.Add(Rows(new float[2, 4], 0, 2)));
        accumulator.Add(Rows(new float[,] { { 1, 0, 2 } }, 0, 1));
        Assert.Throws<ArgumentException>(() => accumulator.Append(new SparseGramAccumulator(3, 5, "rows", 2)));
        InputException exception = Assert.Throws<InputException>(() => accumulator.Add(Rows(new float[,] { { 0, float.NaN, 0 } }, 0, 1)));
        Assert.StartsWith("rows: row 9, column 1 is NaN", exception.Message, StringComparison.Ordinal);
        accumulator.Add(Rows(new float[,] { { 0, 1e30f, 0 } }, 0, 1));
        Assert.Contains("column 1 is so large", Assert.Throws<InputException>(() => accumulator.Finish(TestContext.Current.CancellationToken)).Problem, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => accumulator.Finish(TestContext.Current.CancellationToken));
    }

    private static SparseGramAccumulator Stream(float[,] x, int first, int end, int step)
    {
        SparseGramAccumulator accumulator = new(Features, first / BlockRows, "design", BlockRows);
        for (int start = first; start < end; start += step)
        {
            accumulator.Add(Rows(x, start, Math.Min(end, start + step)));
        }

        return accumulator;
    }

    private static CompressedColumns<float> Rows(float[,] x, int first, int end) =>
        SparseSample.Compress(x).SelectRows([.. Enumerable.Range(first, end - first)]).Transpose();

    private static void AssertSameBytes(float[,] x, SparseGramAccumulator accumulator)
    {
        using SparseDesign design = new(SparseSample.Compress(x), centred: false, BlockRows);
        using SharedGram expected = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!, gram = accumulator.Finish(TestContext.Current.CancellationToken);
        Assert.Equal((expected.Bytes, expected.DenseColumns), (gram.Bytes, gram.DenseColumns));
        for (int at = 0; at < Features * Features; at++)
        {
            Assert.Equal(expected[at / Features, at % Features], gram[at / Features, at % Features]);
        }
    }
}
