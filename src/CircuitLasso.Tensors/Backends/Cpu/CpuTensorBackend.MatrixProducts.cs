using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

internal sealed unsafe partial class CpuTensorBackend
{
    // From this many multiplications on, one matrix of a batch is worth cutting into tiles of its own.
    private const long TiledProduct = 1L << 28;

    public void MatrixProduct(in MatrixProductBatch product, TensorStorage a, TensorStorage b, TensorStorage c)
    {
        TensorStorage left = Plain(a);
        Multiply(product, left, Own(b), 0, c);
        left.Release();
    }

    /// <summary>The same with the rows of the stored B from <paramref name="firstRow"/> on.</summary>
    private void Multiply(in MatrixProductBatch product, TensorStorage left, CpuTensorStorage right, long firstRow, TensorStorage c)
    {
        if (right.IsPlain)
        {
            Multiply(product, Pointer(left), Pointer(right) + (firstRow * product.B.Leading), Pointer(c), c);
            return;
        }

        long offset = firstRow * (right.Layout?.RowStride ?? product.B.Leading);
        if (AsStored(product, right.Layout) is { } stored && (right.StoredType == StoredType.Float32 || stored is { Batches: 1, Groups: 1, Members: 1 }))
        {
            if (right.StoredType == StoredType.Float32)
            {
                Multiply(stored, Pointer(left), (float*)right.Bytes + offset, Pointer(c), c);
            }
            else
            {
                MultiplyWidening(stored, Pointer(left), right, offset, Pointer(c));
            }

            return;
        }

        TensorStorage wide = Plain(right);
        Multiply(product, Pointer(left), Pointer(wide) + (firstRow * product.B.Leading), Pointer(c), c);
        wide.Release();
    }

    /// <summary>The storage itself, or a widened copy, with a reference for the caller.</summary>
    private TensorStorage Plain(TensorStorage storage)
    {
        if (storage.IsPlain)
        {
            return storage.Share();
        }

        TensorStorage wide = Allocate(storage.Length, zeroed: false);
        Widen(storage, wide);
        return wide;
    }

    /// <summary>The product with B described as it is stored, or null where B is made of other rows than the stored matrix.</summary>
    private static MatrixProductBatch? AsStored(in MatrixProductBatch product, MappedMatrix? layout)
    {
        if (layout is null)
        {
            return product;
        }

        MatrixStrides b = product.B;
        if (b.Leading != layout.Columns || b.Batch % layout.Columns != 0 || b.Group % layout.Columns != 0 || b.Member % layout.Columns != 0)
        {
            return null;
        }

        bool isTransposed = layout.ColumnStride != 1;
        return product with
        {
            TransposeB = product.TransposeB != isTransposed,
            B = new MatrixStrides(
                (int)(isTransposed ? layout.ColumnStride : layout.RowStride),
                b.Batch / layout.Columns * layout.RowStride,
                b.Group / layout.Columns * layout.RowStride,
                b.Member / layout.Columns * layout.RowStride),
        };
    }

    private void Multiply(in MatrixProductBatch product, float* left, float* right, float* result, TensorStorage c)
    {
        if (product.Rows == 0 || product.Columns == 0 || product.Batches == 0 || product.Groups == 0 || product.Members == 0)
        {
            // With no members to sum, the sum is zero.
            if (product.Members == 0 && product.Beta == 0)
            {
                Fill(c, 0);
            }

            return;
        }

        MatrixProductBatch p = product;
        bool isSum = p.C.Member == 0 && p.Members > 1;
        int members = isSum ? 1 : p.Members;
        int tasks = checked(p.Batches * p.Groups * members);
        bool isTiled = tasks == 1 || (long)p.Rows * p.Columns * p.Inner >= TiledProduct;
        if (isTiled)
        {
            for (int task = 0; task < tasks; task++)
            {
                Run(task);
            }
        }
        else
        {
            long work = (long)p.Batches * p.Groups * p.Members * p.Rows * p.Columns * p.Inner;
            ForTasks(tasks, work <= SmallProduct, Run);
        }

        void Run(int task)
        {
            (int rest, int member) = Math.DivRem(task, members);
            (int batch, int group) = Math.DivRem(rest, p.Groups);
            int last = isSum ? p.Members : member + 1;
            for (int m = member; m < last; m++)
            {
                float beta = m > member ? 1 : p.Beta;
                Multiply(p, isTiled, At(left, p.A, batch, group, m), At(right, p.B, batch, group, m), At(result, p.C, batch, group, m), beta);
            }
        }
    }

    private static float* At(float* matrices, MatrixStrides strides, int batch, int group, int member) =>
        matrices + (batch * strides.Batch) + (group * strides.Group) + (member * strides.Member);

    private static void Multiply(in MatrixProductBatch p, bool isTiled, float* a, float* b, float* c, float beta)
    {
        ReadOnlySpan<float> left = new(a, Extent(p.TransposeA ? p.Inner : p.Rows, p.TransposeA ? p.Rows : p.Inner, p.A.Leading));
        ReadOnlySpan<float> right = new(b, Extent(p.TransposeB ? p.Columns : p.Inner, p.TransposeB ? p.Inner : p.Columns, p.B.Leading));
        Span<float> result = new(c, Extent(p.Rows, p.Columns, p.C.Leading));
        if (isTiled)
        {
            Numerics.MatrixProduct.Gemm(p.TransposeA, p.TransposeB, p.Rows, p.Columns, p.Inner, p.Alpha, left, p.A.Leading, right, p.B.Leading, beta, result, p.C.Leading);
        }
        else
        {
            MatrixBackend.Default.Gemm(p.TransposeA, p.TransposeB, p.Rows, p.Columns, p.Inner, p.Alpha, left, p.A.Leading, right, p.B.Leading, beta, result, p.C.Leading);
        }
    }

    private static int Extent(int rows, int columns, int leading) =>
        rows == 0 || columns == 0 ? 0 : checked((int)(((long)(rows - 1) * leading) + columns));
}
