using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <content>Products with weights that are stored narrow: widened strip by strip, and never as a whole.</content>
internal sealed unsafe partial class CpuTensorBackend
{
    // Numbers widened at once: 16 MiB, enough work for every core between two waits.
    private const long WidenedAtOnce = 1 << 22;

    // With few rows the work is reading the weights, and what is widened should still be in the cache when it is used.
    private const int FewRows = 32;
    private const long WidenedForFewRows = 1 << 18;

    /// <summary>
    /// One product whose B is stored narrow, from number <paramref name="offset"/> on. Its tiles are those of the product in float32 (<see cref="TilePartition"/>), so both give the same bytes, but where the inner
    /// dimension is so long that one strip of columns would not fit: there it is cut, and sums are rounded once more at every cut.
    /// </summary>
    private void MultiplyWidening(MatrixProductBatch p, float* left, CpuTensorStorage right, long offset, float* result)
    {
        if (p.Rows == 0 || p.Columns == 0)
        {
            return;
        }

        TilePartition tiles = TilePartition.OfProduct(p.Rows, p.Columns, Math.Max(1, p.Inner));
        long limit = p.Rows <= FewRows ? WidenedForFewRows : WidenedAtOnce;
        int inner = (int)Math.Min(p.Inner, Math.Max(1, WidenedAtOnce / tiles.StripColumns));
        int stripsAtOnce = (int)Math.Clamp(limit / Math.Max(1, (long)tiles.StripColumns * inner), 1, tiles.Across);
        CpuTensorStorage wide = (CpuTensorStorage)Allocate((long)stripsAtOnce * tiles.StripColumns * inner, zeroed: false);
        for (int strip = 0; strip < tiles.Across; strip += stripsAtOnce)
        {
            int column = strip * tiles.StripColumns;
            int strips = Math.Min(stripsAtOnce, tiles.Across - strip);
            int columns = Math.Min(strips * tiles.StripColumns, p.Columns - column);
            int from = 0;
            do
            {
                int depth = Math.Min(inner, p.Inner - from);
                WidenPanel(p, right, offset, from, depth, column, columns, wide.Pointer);
                MultiplyStrips(p, tiles, strip, strips, left, from, depth, wide.Pointer, columns, result, from == 0 ? p.Beta : 1);
                from += inner;
            }
            while (from < p.Inner);
        }

        wide.Release();
    }

    /// <summary>Rows [from, from + depth) and columns [column, column + columns) of op(B), in the order of the stored B, row after row without gaps.</summary>
    private static void WidenPanel(MatrixProductBatch p, CpuTensorStorage right, long offset, int from, int depth, int column, int columns, float* panel)
    {
        byte* bytes = right.Bytes;
        int rows = p.TransposeB ? columns : depth;
        int width = p.TransposeB ? depth : columns;
        long first = offset + (p.TransposeB ? ((long)column * p.B.Leading) + from : ((long)from * p.B.Leading) + column);
        ForRows(rows, width, (start, count) =>
        {
            for (long row = start; row < start + count; row++)
            {
                WidenRun(right.StoredType, bytes, first + (row * p.B.Leading), 1, new Span<float>(panel + (row * width), width));
            }
        });
    }

    private static void MultiplyStrips(MatrixProductBatch p, TilePartition tiles, int strip, int strips, float* left, int from, int depth, float* panel, int columns, float* result, float beta)
    {
        IMatrixBackend backend = Numerics.MatrixProduct.For(MatrixBackend.Default, p.Rows, p.Columns);
        int leading = p.TransposeB ? depth : columns;
        int start = strip * tiles.StripColumns;
        DeterministicParallel.For(tiles.Down * strips, task =>
        {
            (int down, int across) = Math.DivRem(task, strips);
            (int row, int rows, int column, int width) = tiles[(down * tiles.Across) + strip + across];
            float* a = left + (p.TransposeA ? ((long)from * p.A.Leading) + row : ((long)row * p.A.Leading) + from);
            float* b = panel + (p.TransposeB ? (long)(column - start) * leading : column - start);
            float* c = result + ((long)row * p.C.Leading) + column;
            backend.Gemm(
                p.TransposeA,
                p.TransposeB,
                rows,
                width,
                depth,
                p.Alpha,
                new ReadOnlySpan<float>(a, Extent(p.TransposeA ? depth : rows, p.TransposeA ? rows : depth, p.A.Leading)),
                p.A.Leading,
                new ReadOnlySpan<float>(b, Extent(p.TransposeB ? width : depth, p.TransposeB ? depth : width, leading)),
                leading,
                beta,
                new Span<float>(c, Extent(rows, width, p.C.Leading)),
                p.C.Leading);
        });
    }
}
