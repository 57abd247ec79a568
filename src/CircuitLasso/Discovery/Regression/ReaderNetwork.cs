using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>A small network from vectors to vectors, f(x) = g(x V + b) W + c, with g the exact GELU and 64 hidden units. Immutable.</summary>
/// <param name="inputWeights">V, read x hidden.</param>
/// <param name="inputBias">b.</param>
/// <param name="outputWeights">W, hidden x written.</param>
/// <param name="outputBias">c.</param>
internal sealed class ReaderNetwork(float[] inputWeights, float[] inputBias, float[] outputWeights, float[] outputBias)
{
    /// <summary>Hidden units.</summary>
    public const int Hidden = 64;

    // Learned quickly and not to the end: a closer fit gives sources that vary together contributions that cancel, and ranks edges worse.
    private const int Steps = 300;
    private const int WarmUpSteps = 10;
    private const int Batch = 256;
    private const float Rate = 0.02f;

    // Variation added to every direction, as a share of their mean, so that faint directions are not blown up.
    private const double Floor = 0.1;

    /// <summary>V, read x hidden.</summary>
    public float[] InputWeights => inputWeights;

    /// <summary>W, hidden x written.</summary>
    public float[] OutputWeights => outputWeights;

    /// <summary>Numbers read.</summary>
    public int Read => inputWeights.Length / Hidden;

    /// <summary>Numbers written.</summary>
    public int Written => outputBias.Length;

    /// <summary>Learns a network by Adam on the mean squared error, in coordinates in which the rows read vary about equally in all directions.</summary>
    /// <remarks>
    /// It reads only directions in which the rows vary at all. In others, single sources may vary that cancel in their sum; the rows say nothing of them, and V has no part
    /// in them.
    /// </remarks>
    /// <param name="x">Rows x <paramref name="columns"/>; overwritten.</param>
    /// <param name="columns">Numbers read.</param>
    /// <param name="y">Rows x <paramref name="targets"/>; overwritten.</param>
    /// <param name="targets">Numbers written.</param>
    /// <param name="random">Draws the first weights and the batches.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The network, or null where what is read or written does not vary.</returns>
    public static ReaderNetwork? Learn(float[] x, int columns, float[] y, int targets, RandomSource random, CancellationToken cancellation = default)
    {
        int rows = x.Length / columns;
        float[] mean = TakeColumnMeans(x, columns);
        float[] writtenMean = TakeColumnMeans(y, targets);
        float[]? whitening = Whitening(x, columns, out int inner);
        float unit = System.Numerics.Tensors.TensorPrimitives.Norm<float>(y) / MathF.Sqrt(y.Length);
        if (whitening is null || !float.IsNormal(unit))
        {
            return null;
        }

        System.Numerics.Tensors.TensorPrimitives.Divide(y, unit, y);
        float[] white = new float[rows * inner];
        MatrixProduct.Gemm(false, false, rows, inner, columns, 1f, x, columns, whitening, inner, 0f, white, inner);
        using Tensor first = random.NormalTensor(1 / MathF.Sqrt(inner), inner, Hidden);
        using Tensor firstBias = random.NormalTensor(0.5f, Hidden);
        using Tensor last = random.NormalTensor(1 / MathF.Sqrt(Hidden), Hidden, targets);
        using Tensor lastBias = Tensor.Zeros(targets);
        using Tensor read = Tensor.FromValues(white, rows, inner);
        using Tensor written = Tensor.FromValues(y, rows, targets);
        Train(read, written, [first, firstBias, last, lastBias], random, cancellation);

        // From white rows back to the rows as they were: x V + b with V = whitening V' and b = b' - mean V.
        float[] inputWeights = new float[columns * Hidden];
        MatrixProduct.Gemm(false, false, columns, Hidden, inner, 1f, whitening, inner, first.ToArray(), Hidden, 0f, inputWeights, Hidden);
        float[] inputBias = firstBias.ToArray();
        MatrixProduct.Gemm(false, false, 1, Hidden, columns, -1f, mean, columns, inputWeights, Hidden, 1f, inputBias, Hidden);
        float[] outputWeights = last.ToArray();
        float[] outputBias = lastBias.ToArray();
        System.Numerics.Tensors.TensorPrimitives.Multiply(outputWeights, unit, outputWeights);
        System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(outputBias, unit, writtenMean, outputBias);
        return new ReaderNetwork(inputWeights, inputBias, outputWeights, outputBias);
    }

    /// <summary>g of every number, in place.</summary>
    public static void Activate(Span<float> values)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        Tensor.FromValues(values, values.Length).Gelu().CopyTo(values);
    }

    /// <summary>x V + b: what the hidden units see.</summary>
    /// <param name="x">Rows x <see cref="Read"/>.</param>
    /// <returns>Rows x hidden.</returns>
    public float[] HiddenInputs(ReadOnlySpan<float> x) => Affine(x, Read, inputWeights, inputBias);

    /// <summary>f(x).</summary>
    /// <param name="x">Rows x <see cref="Read"/>.</param>
    /// <returns>Rows x <see cref="Written"/>.</returns>
    public float[] Apply(ReadOnlySpan<float> x)
    {
        float[] hidden = HiddenInputs(x);
        Activate(hidden);
        return Affine(hidden, Hidden, outputWeights, outputBias);
    }

    private static float[] Affine(ReadOnlySpan<float> x, int columns, float[] weights, float[] bias)
    {
        int rows = x.Length / columns;
        float[] result = new float[rows * bias.Length];
        for (int row = 0; row < rows; row++)
        {
            bias.CopyTo(result, row * bias.Length);
        }

        MatrixProduct.Gemm(false, false, rows, bias.Length, columns, 1f, x, columns, weights, bias.Length, 1f, result, bias.Length);
        return result;
    }

    private static void Train(Tensor read, Tensor written, Tensor[] parameters, RandomSource random, CancellationToken cancellation)
    {
        int[] order = [.. Enumerable.Range(0, read.Dimension(0))];
        int batch = Math.Min(Batch, order.Length);
        using AdamW optimiser = new(new AdamWOptions { Beta2 = 0.99f, WeightDecay = 0 });
        foreach (Tensor parameter in parameters)
        {
            optimiser.Add(parameter);
        }

        LearningRateSchedule schedule = new(Rate, WarmUpSteps, Steps);
        int next = order.Length;
        for (int step = 0; step < Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (next + batch > order.Length)
            {
                Shuffle(order, order.Length, random);
                next = 0;
            }

            using TensorScope scope = new();
            ReadOnlySpan<int> chosen = order.AsSpan(next, batch);
            next += batch;
            Tensor hidden = read.SelectIndices(chosen).Linear(parameters[0], parameters[1], weightIsInputByOutput: true).Gelu();
            Tensor error = hidden.Linear(parameters[2], parameters[3], weightIsInputByOutput: true).Subtract(written.SelectIndices(chosen));
            optimiser.ClearGradients();
            error.Multiply(error).Mean().Backward();
            optimiser.Step(schedule.At(step));
        }
    }

    /// <summary>Brings a random choice of some numbers to the front, in random order (Fisher and Yates).</summary>
    internal static void Shuffle(int[] numbers, int count, RandomSource random)
    {
        for (int i = 0; i < count; i++)
        {
            int other = i + random.NextInt32(numbers.Length - i);
            (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
        }
    }

    // columns x inner: the directions in which the rows vary, scaled so that they vary about equally in all; null where they do not vary.
    private static float[]? Whitening(float[] centred, int columns, out int inner)
    {
        int rows = centred.Length / columns;
        double[] covariance = new double[columns * columns];
        SymmetricProduct.RankK(rows, columns, 1.0 / rows, centred, columns, 0, covariance, columns);
        List<double[]> basis = DominantSubspace.Of(columns, covariance, columns);
        inner = basis.Count;
        if (inner == 0)
        {
            return null;
        }

        // With Q the basis and L L' = Q' covariance Q + floor: whitening = Q L'^-1.
        double[] transposed = [.. basis.SelectMany(direction => direction)];
        double[] half = new double[transposed.Length];
        double[] factor = new double[inner * inner];
        MatrixProduct.Gemm(false, false, inner, columns, columns, 1.0, transposed, columns, covariance, columns, 0.0, half, columns);
        MatrixProduct.Gemm(false, true, inner, inner, columns, 1.0, half, columns, transposed, columns, 0.0, factor, inner);
        double trace = 0;
        for (int i = 0; i < inner; i++)
        {
            trace += factor[(i * inner) + i];
        }

        if (!Ridge.TryFactorise(inner, factor, Floor * trace / inner))
        {
            return null;
        }

        Cholesky.SolveLower(inner, factor, inner, columns, transposed, columns);
        float[] whitening = new float[transposed.Length];
        for (int i = 0; i < columns; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                whitening[(i * inner) + j] = (float)transposed[(j * columns) + i];
            }
        }

        return whitening;
    }

    private static float[] TakeColumnMeans(float[] values, int columns)
    {
        double[] sums = new double[columns];
        int rows = values.Length / columns;
        for (int i = 0; i < values.Length; i++)
        {
            sums[i % columns] += values[i];
        }

        float[] means = [.. sums.Select(sum => (float)(sum / rows))];
        for (int row = 0; row < rows; row++)
        {
            Span<float> own = values.AsSpan(row * columns, columns);
            System.Numerics.Tensors.TensorPrimitives.Subtract(own, means, own);
        }

        return means;
    }
}
