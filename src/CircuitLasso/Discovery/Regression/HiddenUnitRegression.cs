using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Fits an MLP from what was recorded inside it: the number that each hidden unit's nonlinearity is applied to is a line of what the MLP reads, and the regression finds it
/// exactly, in all directions in which the residual stream varies. Beyond the unit stand its known nonlinearity and its row of the output matrix, which brings what the
/// unit holds into the residual stream as a head's rows do.
/// </summary>
internal static class HiddenUnitRegression
{
    // There is no noise to damp. The penalty only keeps out directions in which nothing varies but rounding.
    private const double Share = 1e-6;
    private const int LeastRows = 2048;

    /// <summary>How many samples need their hidden units recorded: enough for some thousand rows, and for twice as many as the residual stream is wide.</summary>
    /// <param name="layout">The samples.</param>
    /// <param name="width">Width of the residual stream.</param>
    public static int SamplesNeeded(SampleLayout layout, int width) => Math.Min(layout.Samples, (Math.Max(LeastRows, 2 * width) + layout.Slots - 1) / layout.Slots);

    /// <summary>Fits one MLP on four fifths of the rows recorded.</summary>
    /// <param name="contributions">The contributions, with what hidden units see.</param>
    /// <param name="mlp">The MLP's node.</param>
    /// <param name="read">What is read, centred slot by slot: rows x width.</param>
    /// <param name="means">What was taken from each slot's rows, slots x width.</param>
    public static HiddenUnitMap Fit(ComponentContributions contributions, int mlp, ReadOnlySpan<float> read, ReadOnlySpan<float> means)
    {
        SampleLayout layout = contributions.Layout;
        int layer = contributions.Graph.Nodes[mlp].Layer!.Value;
        int width = contributions.Width;
        int units = contributions.Description.Mlp.HiddenWidth;
        int[] rows = [.. Enumerable.Range(0, contributions.HiddenSamples * layout.Slots).Where(row => layout.IsReal[row])];
        int seen = Math.Max(1, rows.Length * 4 / 5);
        float[] x = AsRead(layout, read, means, rows);
        float[] z = Gather(contributions.HiddenInputs(layer), rows, units);
        double[] xMean = Means(x.AsSpan(0, seen * width), width);
        double[] zMean = Means(z.AsSpan(0, seen * units), units);
        float[] xCentred = Less(x.AsSpan(0, seen * width), xMean);
        float[] zCentred = Less(z.AsSpan(0, seen * units), zMean);
        double[] gram = new double[width * width];
        double[] cross = new double[checked(width * units)];
        SymmetricProduct.RankK(seen, width, 1, xCentred, width, 0, gram, width);
        FoldedTarget.AddProducts(xCentred, width, width, zCentred, units, units, 0, seen, cross);
        if (Ridge.TryFactorise(width, gram, Share * FoldedGram.MeanOfDiagonal(gram, width, width)))
        {
            Cholesky.Solve(width, gram, width, units, cross, units);
        }
        else
        {
            Array.Clear(cross);
        }

        double[] shift = new double[units];
        MatrixProduct.Gemm(false, false, 1, units, width, 1.0, xMean, width, cross, units, 0.0, shift, units);
        FittedMlp fitted = new(
            [.. cross.Select(value => (float)value)], [.. zMean.Zip(shift, (mean, part) => (float)(mean - part))], contributions.HiddenBasis(layer),
            contributions.Model.Parameters.Find(ParameterRole.MlpDownBias, layer)?.ToArray() ?? new float[width], contributions.Description.Mlp.Activation);
        return new HiddenUnitMap(mlp, fitted, means, Share, Explained(contributions, mlp, fitted, x.AsSpan(seen * width), rows[seen..]));
    }

    private static double Explained(ComponentContributions contributions, int mlp, FittedMlp fitted, ReadOnlySpan<float> x, int[] rows)
    {
        int width = contributions.Width;
        float[] truth = Gather(contributions.Coordinates(mlp), rows, width);
        float[] predicted = fitted.Apply(x);
        double error = 0;
        foreach (float difference in truth.Zip(predicted, (a, b) => a - b))
        {
            error += difference * (double)difference;
        }

        double squares = 0;
        foreach (float value in Less(truth, Means(truth, width)))
        {
            squares += value * (double)value;
        }

        return squares > 0 ? 1 - (error / squares) : 0;
    }

    // Rows as they were read, not centred.
    private static float[] AsRead(SampleLayout layout, ReadOnlySpan<float> read, ReadOnlySpan<float> means, int[] rows)
    {
        int width = means.Length / layout.Slots;
        float[] x = Gather(read, rows, width);
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> own = x.AsSpan(i * width, width);
            System.Numerics.Tensors.TensorPrimitives.Add(own, means.Slice(rows[i] % layout.Slots * width, width), own);
        }

        return x;
    }

    private static float[] Gather(ReadOnlySpan<float> values, int[] rows, int width)
    {
        float[] gathered = new float[checked(rows.Length * width)];
        for (int i = 0; i < rows.Length; i++)
        {
            values.Slice(rows[i] * width, width).CopyTo(gathered.AsSpan(i * width));
        }

        return gathered;
    }

    private static double[] Means(ReadOnlySpan<float> values, int columns)
    {
        double[] means = new double[columns];
        int rows = values.Length / columns;
        for (int row = 0; row < rows; row++)
        {
            for (int j = 0; j < columns; j++)
            {
                means[j] += values[(row * columns) + j] / (double)rows;
            }
        }

        return means;
    }

    private static float[] Less(ReadOnlySpan<float> values, double[] means)
    {
        float[] centred = new float[values.Length];
        for (int i = 0; i < centred.Length; i++)
        {
            centred[i] = (float)(values[i] - means[i % means.Length]);
        }

        return centred;
    }
}
