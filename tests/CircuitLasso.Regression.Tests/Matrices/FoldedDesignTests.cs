using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class FoldedDesignTests
{
    private const int Rows = 240, Features = 30, Targets = 2, Folds = 6;

    [Theory]
    [InlineData(0.05, false, long.MaxValue)]
    [InlineData(0.05, true, long.MaxValue)]
    [InlineData(1.0, false, long.MaxValue)]
    [InlineData(1.0, true, long.MaxValue)]
    [InlineData(1.0, true, 1000)]
    public void A_union_of_folds_is_the_design_of_its_rows(double density, bool centred, long maximumBytes)
    {
        SparseSample sample = new(Rows, Features, Targets, density, 12);
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(sample.X), centred: centred);
        using FoldedDesign folded = new(design, FoldOfRow(), maximumBytes, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Folds, folded.Folds);
        Assert.Equal(density < 1 || maximumBytes == 1000 ? 0 : 8 * Folds * Features * Features, folded.Bytes);
        foreach (int[] folds in new int[][] { [3], [5, 0, 2], [0, 1, 2, 3, 4, 5] })
        {
            int[] rows = [.. Enumerable.Range(0, Rows).Where(row => folds.Contains(FoldOfRow()[row]))];
            using SharedDesign part = folded.Select(folds), expected = SharedDesign.Create(SparseSample.Compress(Select(sample.X, rows)), centred: centred);
            Assert.Equal((rows.Length, Features, expected.Entries, centred), (part.Rows, part.Columns, part.Entries, part.IsCentred));
            Assert.Equal(expected.Means, part.Means);
            AssertSameGram(part, expected);
            CompressedColumns<float> targets = folded.Select(SparseSample.Compress(sample.Y), folds), expectedTargets = SparseSample.Compress(Select(sample.Y, rows));
            Assert.Equal(expectedTargets.RowIndices, targets.RowIndices);
            Assert.Equal(expectedTargets.Values, targets.Values);
            using NativeBuffer<double> products = new(Targets * Features), expectedProducts = new(Targets * Features);
            part.Correlate(targets, 0, Targets, products);
            expected.Correlate(expectedTargets, 0, Targets, expectedProducts);
            Assert.Equal(expectedProducts.Span, products.Span);
        }
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1.0)]
    public void Neither_the_order_of_the_folds_nor_the_number_of_threads_changes_a_byte(double density)
    {
        CompressedColumns<float> x = SparseSample.Compress(new SparseSample(Rows, Features, 1, density, 4).X);
        int before = DeterministicParallel.Threads;
        List<float[]> results = [];
        try
        {
            foreach (int threads in new[] { 1, 3 })
            {
                DeterministicParallel.Threads = threads;
                using SharedDesign design = SharedDesign.Create(x, centred: true);
                using FoldedDesign folded = new(design, FoldOfRow(), cancellationToken: TestContext.Current.CancellationToken);
                foreach (int[] folds in new int[][] { [1, 2, 4], [4, 1, 2, 1] })
                {
                    using SharedDesign part = folded.Select(folds);
                    using SharedGram gram = part.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
                    results.Add([.. Enumerable.Range(0, Features * Features).Select(at => gram[at / Features, at % Features])]);
                }
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }

        Assert.All(results, result => Assert.Equal(results[0], result));
    }

    [Fact]
    public void Folds_that_do_not_fit_are_refused()
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(new SparseSample(4, 3, 1, 1, 4).X));
        Assert.Throws<ArgumentException>(() => new FoldedDesign(design, [0, 1, 0]));
        Assert.Throws<ArgumentException>(() => new FoldedDesign(design, [0, 2, 0, 2]));
        Assert.Throws<ArgumentException>(() => new FoldedDesign(design, [0, -1, 0, 1]));
        using FoldedDesign folded = new(design, [0, 1, 0, 1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => folded.Select([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => folded.Select(2));
        Assert.Throws<ArgumentException>(() => folded.Select(SparseSample.Compress(new float[3, 1]), 1));
    }

    private static int[] FoldOfRow() => [.. Enumerable.Range(0, Rows).Select(row => row * 7 / 3 % Folds)];

    private static float[,] Select(float[,] matrix, int[] rows)
    {
        float[,] selected = new float[rows.Length, matrix.GetLength(1)];
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < matrix.GetLength(1); j++)
            {
                selected[i, j] = matrix[rows[i], j];
            }
        }

        return selected;
    }

    private static void AssertSameGram(SharedDesign part, SharedDesign expected)
    {
        using SharedGram gram = part.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        using SharedGram expectedGram = expected.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.Equal(expectedGram.Offsets, gram.Offsets);
        for (int at = 0; at < Features * Features; at++)
        {
            float entry = expectedGram[at / Features, at % Features];
            Assert.Equal(entry, gram[at / Features, at % Features], part is SparseDesign ? 0 : (1.2e-7 * Math.Abs(entry)) + 1e-10);
        }
    }
}
