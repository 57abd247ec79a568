namespace CircuitLasso;

/// <summary>
/// How the norm in front of a reader scales what it reads: every row is divided by its recorded deviation or root mean square, and with layer normalisation loses its
/// mean. Without a norm every factor is 1. Immutable.
/// </summary>
internal sealed class ReaderScale
{
    /// <summary>Factors of rows.</summary>
    /// <param name="layout">The rows.</param>
    /// <param name="factors">One factor a row; null where there is no norm.</param>
    /// <param name="removesMean">Whether the mean of every row is taken from it.</param>
    public ReaderScale(SampleLayout layout, float[]? factors, bool removesMean)
    {
        Factors = factors;
        RemovesMean = removesMean;
        SlotFactors = new double[layout.Slots];
        for (int row = 0; row < layout.Rows; row++)
        {
            int slot = row % layout.Slots;
            SlotFactors[slot] += layout.IsReal[row] ? (factors?[row] ?? 1.0) / layout.RealCount[slot] : 0;
        }
    }

    /// <summary>One factor a row, or null where there is no norm.</summary>
    public float[]? Factors { get; }

    /// <summary>Whether the mean of every row is taken from it.</summary>
    public bool RemovesMean { get; }

    /// <summary>The mean factor at every slot.</summary>
    public double[] SlotFactors { get; }

    /// <summary>Takes their column means from the rows of a matrix that is multiplied from the left by what the norm reads: P M in place of M, P = I - 11'/d.</summary>
    /// <param name="matrix">Some blocks of width x columns, row-major.</param>
    /// <param name="width">Width of the residual stream.</param>
    /// <param name="columns">Number of columns.</param>
    public void Project(Span<double> matrix, int width, int columns)
    {
        for (int start = 0; RemovesMean && start < matrix.Length; start += width * columns)
        {
            for (int j = 0; j < columns; j++)
            {
                double mean = 0;
                for (int i = 0; i < width; i++)
                {
                    mean += matrix[start + (i * columns) + j] / width;
                }

                for (int i = 0; i < width; i++)
                {
                    matrix[start + (i * columns) + j] -= mean;
                }
            }
        }
    }
}
