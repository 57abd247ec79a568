namespace CircuitLasso.Regression;

/// <summary>Entries of one column, by ascending index.</summary>
internal sealed record SparseVector(int[] Indices, double[] Values)
{
    /// <summary>The entries of a dense column that are not zero.</summary>
    public static SparseVector FromDense(ReadOnlySpan<double> dense)
    {
        List<int> indices = [];
        for (int i = 0; i < dense.Length; i++)
        {
            if (dense[i] != 0)
            {
                indices.Add(i);
            }
        }

        double[] values = new double[indices.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = dense[indices[i]];
        }

        return new SparseVector([.. indices], values);
    }

    /// <summary>The sum of two; a zero that comes of it is kept.</summary>
    public static SparseVector Add(SparseVector first, SparseVector second)
    {
        int[] indices = new int[first.Indices.Length + second.Indices.Length];
        double[] values = new double[indices.Length];
        int count = 0;
        for (int i = 0, k = 0; i < first.Indices.Length || k < second.Indices.Length; count++)
        {
            int left = i < first.Indices.Length ? first.Indices[i] : int.MaxValue, right = k < second.Indices.Length ? second.Indices[k] : int.MaxValue;
            indices[count] = Math.Min(left, right);
            values[count] = left == right ? first.Values[i] + second.Values[k] : left < right ? first.Values[i] : second.Values[k];
            i += left <= right ? 1 : 0;
            k += right <= left ? 1 : 0;
        }

        return new SparseVector(indices[..count], values[..count]);
    }
}
