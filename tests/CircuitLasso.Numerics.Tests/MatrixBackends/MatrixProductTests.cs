using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics.Tests;

[Collection(ThreadCount.Collection)]
public sealed class MatrixProductTests
{
    public static TheoryData<int, int, int, bool, bool> Shapes()
    {
        TheoryData<int, int, int, bool, bool> shapes = [];
        foreach ((int m, int n, int k) in ((int, int, int)[])[(30, 8, 30), (1, 30011, 64), (4099, 1, 700), (311, 613, 257), (1200, 1031, 40), (700, 900, 0), (0, 5, 3)])
        {
            for (int flags = 0; flags < 4; flags++)
            {
                shapes.Add(m, n, k, (flags & 1) != 0, (flags & 2) != 0);
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_number_of_threads_gives_the_same_bytes_and_they_are_the_product(int m, int n, int k, bool transposeA, bool transposeB)
    {
        ProductProblem<float> problem = new(m, n, k, transposeA, transposeB, 0.75f, -0.5f, seed: 7);
        float[] expected = problem.Run(new ScalarMatrixBackend());
        float[]? first = null;
        foreach (int threads in (int[])[1, 2, 3])
        {
            float[] c = [.. problem.C];
            ThreadCount.With(threads, () => MatrixProduct.Gemm(transposeA, transposeB, m, n, k, problem.Alpha, problem.A, problem.Lda, problem.B, problem.Ldb, problem.Beta, c, problem.Ldc));
            problem.AssertClose(expected, c);
            first ??= c;
            Assert.True(MemoryMarshal.AsBytes<float>(first).SequenceEqual(MemoryMarshal.AsBytes<float>(c)), $"{threads} threads gave other bytes than one");
        }
    }

    [Fact]
    public void The_product_in_double_does_not_depend_on_the_threads_either()
    {
        ProductProblem<double> problem = new(410, 530, 190, false, true, 1, 1, seed: 3);
        double[] one = [.. problem.C];
        double[] three = [.. problem.C];
        ThreadCount.With(1, () => Run(one));
        ThreadCount.With(3, () => Run(three));
        problem.AssertClose(problem.Run(new ScalarMatrixBackend()), one);
        Assert.Equal(one, three);

        void Run(double[] c) => MatrixProduct.Gemm(false, true, 410, 530, 190, 1, problem.A, problem.Lda, problem.B, problem.Ldb, 1, c, problem.Ldc);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(512, 768, 768)]
    [InlineData(1, 50257, 768)]
    [InlineData(50257, 1, 768)]
    [InlineData(4096, 4096, 4096)]
    [InlineData(999983, 2, 5)]
    [InlineData(7, 1000003, 1)]
    public void Tiles_cover_every_element_once(int m, int n, int k)
    {
        TilePartition tiles = TilePartition.OfProduct(m, n, k);
        long covered = 0;
        int nextRow = 0;
        for (int tile = 0; tile < tiles.Count; tile++)
        {
            (int row, int rows, int column, int columns) = tiles[tile];
            Assert.True(rows > 0 && columns > 0 && row + rows <= m && column + columns <= n);
            Assert.True(column > 0 || row == nextRow, "rows of tiles leave no gap");
            nextRow = column == 0 ? row + rows : nextRow;
            covered += (long)rows * columns;
        }

        Assert.Equal((long)m * n, covered);
        Assert.Equal(m, nextRow);
    }
}
