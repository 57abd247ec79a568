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
}
