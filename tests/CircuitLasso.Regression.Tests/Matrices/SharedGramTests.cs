using CircuitLasso.Numerics;

namespace CircuitLasso.Regression.Tests;

public sealed class SharedGramTests
{
    [Theory]
    [InlineData(1, 1, 1.0)]
    [InlineData(40, 7, 0.05)]
    [InlineData(300, 90, 0.02)]
    [InlineData(300, 33, 0.1)]
    [InlineData(1500, 40, 1.0)]
    [InlineData(20, 250, 0.004)]
    public void Every_entry_is_the_float64_sum_rounded_once(int rows, int features, double density)
    {
        float[,] x = new SparseSample(rows, features, 1, density, rows).X;
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(x));
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.Equal(density < 1, design is SparseDesign);
        for (int a = 0; a < features; a++)
        {
            for (int b = 0; b < features; b++)
            {
                double sum = 0, size = 0;
                for (int i = 0; i < rows; i++)
                {
                    sum += (double)x[i, a] * x[i, b];
                    size += Math.Abs((double)x[i, a] * x[i, b]);
                }

                Assert.Equal(gram[a, b], gram[b, a]);
                Assert.Equal(sum, gram[a, b], (6e-8 * Math.Abs(sum)) + (1e-14 * size));
            }

        }

        if (design is SparseDesign)
        {
            // So few columns are all sampled.
            Assert.Equal(gram.Bytes, design.EstimateGramBytes());
        }
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 37)]
    public void Columns_with_entries_in_most_rows_have_the_bits_of_sums_row_by_row(bool centred, int before)
    {
        // Features, a run of coordinates with all of their numbers (one of them constant, one half full), and features again.
        const int Rows = 211, Features = 500, Full = 45;
        Random random = new(8);
        float[,] x = new float[Rows, Features + Full];
        for (int j = 0; j < Features + Full; j++)
        {
            double density = j < before || j >= before + Full ? 0.02 : j == before + 20 ? 0.5 : 1;
            for (int i = 0; i < Rows; i++)
            {
                x[i, j] = random.NextDouble() < density ? (float)(j == before + 7 ? 2.5 : random.NextDouble() - 0.3) : 0;
            }
        }

        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(x), centred: centred);
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.IsType<SparseDesign>(design);
        for (int a = 0; a < Features + Full; a++)
        {
            for (int b = 0; b < Features + Full; b++)
            {
                double sum = 0;
                for (int i = 0; i < Rows; i++)
                {
                    sum += (double)x[i, a] * x[i, b];
                }

                Assert.Equal(centred && (a == before + 7 || b == before + 7) ? 0 : (float)sum, gram[a, b]);
            }
        }
    }

    [Fact]
    public void Popular_columns_are_kept_whole_and_the_others_are_not()
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(new SparseSample(400, 300, 1, 0.01, 4).X));
        using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
        Assert.InRange(gram.DenseColumns, 1, 299);
        Assert.InRange(gram.Bytes, 1, (4 * 300 * 300) - 1);
    }

    [Fact]
    public void The_number_of_threads_changes_no_byte()
    {
        CompressedColumns<float> x = SparseSample.Compress(new SparseSample(400, 200, 1, 0.02, 4).X);
        int before = DeterministicParallel.Threads;
        List<float[]> results = [];
        try
        {
            foreach (int threads in new[] { 1, 2, 5 })
            {
                DeterministicParallel.Threads = threads;
                using SharedDesign design = SharedDesign.Create(x);
                using SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!;
                results.Add([.. Enumerable.Range(0, 200 * 200).Select(at => gram[at / 200, at % 200])]);
            }
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }

        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(1.0)]
    public void A_gram_matrix_that_takes_more_than_it_may_is_not_made_and_leaves_nothing(double density)
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(new SparseSample(400, 300, 1, density, 4).X));
        long kept, working = SharedGramBuilder.WorkingBytes(300, 32) + (density < 1 ? 0 : (8 * 300 * 300) + (8 * 400 * 300));
        using (SharedGram gram = design.ComputeGram(cancellationToken: TestContext.Current.CancellationToken)!)
        {
            kept = gram.Bytes;
        }

        Assert.Null(design.ComputeGram(0, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Null(design.ComputeGram(working + (kept / 4), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Null(design.ComputeGram(working + kept - 1, cancellationToken: TestContext.Current.CancellationToken));
        using SharedGram? fitting = design.ComputeGram(working + kept, cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotNull(fitting);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(1.0)]
    public void Progress_ends_with_all_columns(double density)
    {
        List<WorkProgress> reports = [];
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(new SparseSample(2500, 70, 1, density, 4).X));
        using SharedGram? gram = design.ComputeGram(progress: new Recorder(reports), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(density < 1 ? 3 : 5, reports.Count);
        Assert.All(reports, report => Assert.Equal(("columns", 70), (report.Unit, report.Total)));
        Assert.Equal(70, reports.Max(report => report.Done));
        Assert.InRange(reports.Min(report => report.Done), 1, 69);
    }

    [Theory]
    [InlineData(float.NaN, "row 2, column 1 is NaN")]
    [InlineData(float.NegativeInfinity, "row 2, column 1 is -Infinity")]
    [InlineData(1e30f, "column 1 is so large")]
    public void Values_that_cannot_be_squared_are_refused_by_row_and_column(float value, string reason)
    {
        float[,] x = new SparseSample(5, 3, 1, 1, 1).X;
        x[2, 1] = value;
        InputException exception = Assert.Throws<InputException>(() => SharedDesign.Create(SparseSample.Compress(x), "x.npz"));
        Assert.Equal("x.npz", exception.Subject);
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
        using NumPyArray array = NumPyArray.Create<float>([.. x.Cast<float>()], 5, 3);
        Assert.Contains(reason, Assert.Throws<InputException>(() => SharedDesign.Create(array)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 50, 0.02)]
    [InlineData(300, 50, 1.0)]
    [InlineData(3000, 50, 1.0)]
    [InlineData(2, 70_000, 1.0)]
    public void A_design_of_an_array_is_that_of_its_entries(int rows, int features, double density)
    {
        float[,] x = new SparseSample(rows, features, 1, density, 6).X;
        using NumPyArray array = NumPyArray.Create<float>([.. x.Cast<float>()], rows, features);
        CompressedColumns<float> entries = SparseSample.Compress(x);
        using SharedDesign design = SharedDesign.Create(array, centred: true), expected = SharedDesign.Create(entries, centred: true, transpose: entries.Transpose());
        Assert.Equal((expected.GetType(), rows, features, expected.Entries), (design.GetType(), design.Rows, design.Columns, design.Entries));
        Assert.Equal(expected.Means, design.Means);
        for (int j = 0; j < features; j++)
        {
            Assert.Equal(expected.Column(j).Rows, design.Column(j).Rows);
            Assert.Equal(expected.Column(j).Values, design.Column(j).Values);
        }
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    public void A_design_without_rows_or_columns_is_refused(int rows, int columns) =>
        Assert.Throws<InputException>(() => SharedDesign.Create(new CompressedColumns<float>(rows, new long[columns + 1], [], [])));

    private sealed class Recorder(List<WorkProgress> reports) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            lock (reports)
            {
                reports.Add(value);
            }
        }
    }
}
