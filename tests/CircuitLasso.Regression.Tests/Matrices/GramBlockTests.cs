using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

/// <summary>The order of summation over rows, by a slow twin that adds in that very order.</summary>
public sealed class GramBlockTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(64, 64)]
    [InlineData(65, 64)]
    [InlineData(500, 64)]
    [InlineData(700, 100)]
    public void Sparse_sums_follow_the_tree_of_blocks_in_every_bit(int rows, int blockRows)
    {
        float[,] x = new SparseSample(rows, 30, 1, 0.05, rows).X;
        using SparseDesign design = new(SparseSample.Compress(x), centred: false, blockRows);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        for (int a = 0; a < 30; a++)
        {
            for (int b = 0; b < 30; b++)
            {
                Assert.Equal((float)Sum(x, a, b, 0, BlockCount(rows, blockRows), blockRows), gram[a, b]);
            }
        }
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(200, 64)]
    [InlineData(2500, 1500)]
    public void Dense_sums_over_blocks_agree_with_sums_over_all_rows(int rows, int blockRows)
    {
        CompressedColumns<float> x = SparseSample.Compress(new SparseSample(rows, 30, 1, 1, rows).X);
        using ColumnMajorDesign design = new(x, centred: false, blockRows), whole = new(x, centred: false);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        using SharedGram expected = whole.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        for (int at = 0; at < 900; at++)
        {
            Assert.Equal(expected[at / 30, at % 30], gram[at / 30, at % 30], 1e-7 * rows);
        }
    }

    [Fact]
    public void A_sum_can_be_cancelled_between_products()
    {
        CompressedColumns<float> x = SparseSample.Compress(new SparseSample(400, 30, 1, 1, 2).X);
        using ColumnMajorDesign design = new(x, centred: false, 100);
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(() => design.ComputeGram(progress: new Canceller(source), cancellationToken: source.Token));
    }

    private static int BlockCount(int rows, int blockRows) => (rows + blockRows - 1) / blockRows;

    // The tree of blocks first up to end, whose size is a power of two but for the last blocks.
    private static double Sum(float[,] x, int a, int b, int first, int end, int blockRows)
    {
        if (end - first == 1)
        {
            double sum = 0;
            for (int i = first * blockRows; i < Math.Min(end * blockRows, x.GetLength(0)); i++)
            {
                sum += (double)x[i, a] * x[i, b];
            }

            return sum;
        }

        int middle = first + (1 << (int)Math.Ceiling(Math.Log2(end - first) - 1));
        return Sum(x, a, b, first, middle, blockRows) + Sum(x, a, b, middle, end, blockRows);
    }

    private sealed class Canceller(CancellationTokenSource source) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => source.Cancel();
    }
}
