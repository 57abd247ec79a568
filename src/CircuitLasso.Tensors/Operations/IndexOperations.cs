namespace CircuitLasso.Tensors;

/// <summary>Picking rows and classes by index.</summary>
public static class IndexOperations
{
    /// <summary>Rows of a table, such as token embeddings.</summary>
    /// <param name="table">[rows, width].</param>
    /// <param name="ids">Row numbers, as many as <paramref name="prefix"/> has elements.</param>
    /// <param name="prefix">The leading dimensions of the result, [batch, positions] for example.</param>
    /// <returns>[prefix..., width].</returns>
    /// <exception cref="ArgumentException">The number of ids is not that of the prefix, or the table is no matrix.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the table.</exception>
    public static Tensor Embedding(this Tensor table, ReadOnlySpan<int> ids, params ReadOnlySpan<int> prefix)
    {
        MatrixOperations.RequireRank(table, 2, nameof(table), exactly: true);
        if (TensorShape.Count(prefix) != ids.Length)
        {
            throw new ArgumentException($"{ids.Length} ids do not fill the shape {TensorShape.Describe(prefix)}.", nameof(ids));
        }

        RequireInside(ids, table.Dimension(0), nameof(ids));
        ITensorBackend backend = table.Backend;
        int width = table.Dimension(1);
        TensorStorage y = backend.Allocate((long)ids.Length * width, zeroed: false);
        backend.GatherRows(table.Storage, ids, width, y);
        Tensor result = new(y, [.. prefix, width]);
        if (!GradientMode.IsWanted([table]))
        {
            return result;
        }

        int[] kept = ids.ToArray();
        return result.Record([table], (dy, flow) => backend.ScatterAddRows(dy, kept, width, flow.ZeroedTarget(table)));
    }

    /// <summary>One element of every row: the logit of the answer, for example.</summary>
    /// <param name="x">[..., classes].</param>
    /// <param name="indices">The class picked in every row, in row-major order.</param>
    /// <returns>[...].</returns>
    /// <exception cref="ArgumentException">There are not as many indices as rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside the classes.</exception>
    public static Tensor GatherLast(this Tensor x, ReadOnlySpan<int> indices)
    {
        MatrixOperations.RequireRank(x, 1, nameof(x));
        int classes = x.Dimension(-1);
        if (TensorShape.Count(x.Shape[..^1]) != indices.Length)
        {
            throw new ArgumentException($"{indices.Length} indices do not pick from the rows of {TensorShape.Describe(x.Shape)}.", nameof(indices));
        }

        RequireInside(indices, classes, nameof(indices));
        ITensorBackend backend = x.Backend;
        TensorStorage y = backend.Allocate(indices.Length, zeroed: false);
        backend.SelectColumns(x.Storage, indices, classes, y);
        Tensor result = new(y, x.Shape[..^1].ToArray());
        if (!GradientMode.IsWanted([x]))
        {
            return result;
        }

        int[] kept = indices.ToArray();
        return result.Record([x], (dy, flow) => backend.ScatterAddColumns(dy, kept, classes, flow.ZeroedTarget(x)));
    }

    /// <summary>Entries of the first axis by number, in any order and with repetition: the last position of every text, for example.</summary>
    /// <param name="x">[n, ...].</param>
    /// <param name="indices">Numbers of entries.</param>
    /// <returns>[indices, ...].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside the axis.</exception>
    public static Tensor SelectIndices(this Tensor x, params ReadOnlySpan<int> indices)
    {
        MatrixOperations.RequireRank(x, 1, nameof(x));
        RequireInside(indices, x.Dimension(0), nameof(indices));
        ITensorBackend backend = x.Backend;
        int width = checked((int)TensorShape.Count(x.Shape[1..]));
        TensorStorage y = backend.Allocate((long)indices.Length * width, zeroed: false);
        backend.GatherRows(x.Storage, indices, width, y);
        Tensor result = new(y, [indices.Length, .. x.Shape[1..]]);
        if (!GradientMode.IsWanted([x]))
        {
            return result;
        }

        int[] kept = indices.ToArray();
        return result.Record([x], (dy, flow) => backend.ScatterAddRows(dy, kept, width, flow.ZeroedTarget(x)));
    }

    internal static void RequireInside(ReadOnlySpan<int> indices, int count, string name)
    {
        foreach (int index in indices)
        {
            if ((uint)index >= (uint)count)
            {
                throw new ArgumentOutOfRangeException(name, $"Index {index} is outside 0 .. {count - 1}.");
            }
        }
    }
}
