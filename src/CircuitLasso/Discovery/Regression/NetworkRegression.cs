using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Learns a network beside a linear map of the same reader, and says which of them predicts samples better that the network has not seen.</summary>
internal static class NetworkRegression
{
    private const int HeldOutFold = SampleLayout.Folds - 1;
    private const int MostRows = 8192;

    /// <summary>Learns on all folds but the last, on some thousands of rows at most.</summary>
    /// <param name="linear">The linear map, which has seen every fold.</param>
    /// <param name="layout">The rows.</param>
    /// <param name="read">What is read, centred slot by slot: rows x width.</param>
    /// <param name="means">What was taken from each slot's rows, slots x width.</param>
    /// <param name="written">What is written, centred slot by slot: rows x width.</param>
    /// <param name="random">Draws the rows, the first weights and the batches.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The network where its error on the last fold is the smaller one, else the linear map.</returns>
    public static TiedMap BetterOf(
        PositionMap linear, SampleLayout layout, ReadOnlySpan<float> read, ReadOnlySpan<float> means, ReadOnlySpan<float> written, RandomSource random, CancellationToken cancellation)
    {
        int width = means.Length / layout.Slots;
        int heldOut = layout.FoldStart[HeldOutFold] * layout.Slots;
        int[] seen = [.. Enumerable.Range(0, heldOut).Where(row => layout.IsReal[row])];
        if (seen.Length > MostRows)
        {
            ReaderNetwork.Shuffle(seen, MostRows, random);
            Array.Resize(ref seen, MostRows);
        }

        ReaderNetwork? network = ReaderNetwork.Learn(AsRead(layout, read, means, seen), width, Gather(written, seen, width), width, random, cancellation);
        if (network is null)
        {
            return linear;
        }

        int[] unseen = [.. Enumerable.Range(heldOut, layout.Rows - heldOut).Where(row => layout.IsReal[row])];
        float[] predicted = network.Apply(AsRead(layout, read, means, unseen));
        float[] predictedLinearly = new float[predicted.Length];
        float[] coefficients = new float[linear.Coefficients.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(linear.Coefficients, coefficients);
        float[] centred = Gather(read, unseen, width);
        MatrixProduct.Gemm(false, false, unseen.Length, width, width, 1f, centred, width, coefficients, width, 0f, predictedLinearly, width);
        float[] truth = Gather(written, unseen, width);
        double error = SquaredDistance(truth, predicted);
        return error < SquaredDistance(truth, predictedLinearly)
            ? new NetworkMap(linear.Node, network, layout, read, means, linear.Share, 1 - (error / SquaredDistance(truth, new float[truth.Length])))
            : linear;
    }

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

    private static double SquaredDistance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
