namespace CircuitLasso;

/// <summary>Checks compressed sparse rows before an index of theirs is used.</summary>
internal static class SparseRowCheck
{
    /// <summary>What is wrong with the rows, or null.</summary>
    /// <param name="indptr">Where each row begins in <paramref name="indices"/>, and where the last ends.</param>
    /// <param name="indices">The columns.</param>
    /// <param name="width">Number of columns.</param>
    public static string? FirstProblem(ReadOnlySpan<long> indptr, ReadOnlySpan<int> indices, int width)
    {
        if (indptr.IsEmpty || indptr[0] != 0 || indptr[^1] != indices.Length)
        {
            return "indptr does not lead from 0 to the number of values";
        }

        for (int row = 0; row < indptr.Length - 1; row++)
        {
            if (indptr[row + 1] < indptr[row] || indptr[row + 1] > indices.Length)
            {
                return "indptr does not ascend";
            }

            int before = -1;
            foreach (int index in indices[(int)indptr[row]..(int)indptr[row + 1]])
            {
                if (index <= before || index >= width)
                {
                    return $"the indices of a row do not ascend between 0 and {width - 1}";
                }

                before = index;
            }
        }

        return null;
    }
}
