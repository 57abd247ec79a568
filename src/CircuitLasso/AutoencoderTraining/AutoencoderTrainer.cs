using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// Trains a TopK autoencoder on rows of activations: f = TopK(W (x - b_dec) + b), reconstruction D'f + b_dec, every feature's row of D of length one. The loss is the
/// mean squared error over the variance, plus that of the dead features' fit to what the others leave (auxiliary loss; Gao et al. 2024, "Scaling and
/// evaluating sparse autoencoders", section 2.4 and appendix A.2). Where they take half as many dead features in a row as it has numbers, k are taken here: on
/// planted directions that finds all of them, and half the width finds few more than no such loss.
/// </summary>
/// <remarks>
/// Rows are scaled while training so that their mean squared distance from the mean is their width; the weights that come out are for rows as they are. Gradients
/// are computed for active features only. The rows of a step follow from the seed and the step's number, and sums have a fixed order, so that the bytes do not depend on
/// the number of threads or on interruptions. Not thread-safe.
/// </remarks>
public sealed partial class AutoencoderTrainer : IDisposable
{
    private const int LeastRows = 20;
    private const int MostHeldOutRows = 4_096;
    private const int MostScaleRows = 8_192;
    private const int RowsPerTask = 16;
    private const double WarmUpShare = 0.05;

    private readonly ITrainingRows _rows;
    private readonly AutoencoderTrainingOptions _options;
    private readonly LearningRateSchedule _schedule;
    private readonly TrainedMatrix _encoder;
    private readonly TrainedMatrix _decoder;
    private readonly TrainedMatrix _encoderBias;
    private readonly TrainedMatrix _decoderBias;
    private readonly TopKAutoencoderGradient _gradient;
    private readonly NativeBuffer<float> _batch;
    private readonly long[] _lastActive;
    private readonly long _trainingRows;
    private readonly float[] _mean;
    private readonly float _scale;
    private readonly List<AutoencoderTrainingPoint> _points = [];

    internal AutoencoderTrainer(ITrainingRows rows, AutoencoderTrainingOptions options)
    {
        options.Check();
        _rows = rows;
        _options = options;
        int width = rows.Width;
        if (rows.Count < LeastRows)
        {
            throw new InputException(rows.Subject, $"has {rows.Count} rows, and at least {LeastRows} are needed", "collect more texts, or every token with --pool none");
        }

        _trainingRows = rows.Count - Math.Min(MostHeldOutRows, rows.Count / 10);
        (_mean, _scale) = MeasureScale(rows, _trainingRows);
        _schedule = new LearningRateSchedule(options.PeakRate, (int)(options.Steps * WarmUpShare), options.Steps);
        _encoder = new TrainedMatrix(options.Features, width);
        _decoder = new TrainedMatrix(options.Features, width);
        _encoderBias = new TrainedMatrix(1, options.Features);
        _decoderBias = new TrainedMatrix(1, width);
        _gradient = new TopKAutoencoderGradient(_encoder, _encoderBias, _decoder, _decoderBias, options.K, options.BatchRows);
        _batch = new NativeBuffer<float>((nint)options.BatchRows * width);
        _lastActive = new long[options.Features];
        Initialize();
    }

    /// <summary>Number of steps taken.</summary>
    public int StepsTaken { get; private set; }

    /// <summary>Whether all steps have been taken.</summary>
    public bool IsDone => StepsTaken == _options.Steps;

    /// <summary>The evaluations so far.</summary>
    public IReadOnlyList<AutoencoderTrainingPoint> Points => _points;

    /// <summary>Bytes that a training holds: weights, their gradients and moments, the batch, and a block of activations before TopK.</summary>
    /// <param name="width">Numbers in a row.</param>
    /// <param name="options">Settings.</param>
    public static long EstimateBytes(int width, AutoencoderTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return (4L * ((8L * options.Features * width) + (3L * options.BatchRows * width) + Math.Max(1 << 22, options.Features))) + (16L * options.BatchRows * options.K);
    }

    /// <summary>Prepares a training on a site of a store, which must stay open.</summary>
    /// <param name="store">A finished store.</param>
    /// <param name="site">A dense site.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="InputException">A setting is out of range, there is no such site, it is sparse, has too few rows, or is constant.</exception>
    public static AutoencoderTrainer ForStore(ActivationStoreReader store, string site, AutoencoderTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        return new AutoencoderTrainer(new StoreTrainingRows(store, site), options);
    }

    /// <summary>Takes steps up to the next evaluation, and evaluates.</summary>
    /// <param name="progress">Told of steps.</param>
    /// <param name="cancellation">Stops between steps; what was trained since the last saved state is then lost.</param>
    /// <exception cref="InvalidOperationException">All steps have been taken.</exception>
    /// <exception cref="InputException">A row is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public AutoencoderTrainingPoint TrainToNextEvaluation(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (IsDone)
        {
            throw new InvalidOperationException("All steps have been taken.");
        }

        int last = Math.Min(_options.Steps, (StepsTaken / _options.StepsPerEvaluation * _options.StepsPerEvaluation) + _options.StepsPerEvaluation);
        while (StepsTaken < last)
        {
            cancellation.ThrowIfCancellationRequested();
            Step();
            progress?.Report(new WorkProgress("training", StepsTaken, _options.Steps, "steps"));
        }

        AutoencoderTrainingPoint point = Evaluate();
        _points.Add(point);
        return point;
    }

    /// <summary>The autoencoder as trained so far, for rows as they are; the caller owns it.</summary>
    /// <param name="provenance">Where it belongs.</param>
    public SparseAutoencoder Export(SparseAutoencoderProvenance provenance)
    {
        // Scaled rows have features of the same size; divided by the scale they are those of plain rows, and W and D stay as they are.
        SparseAutoencoderParameters parameters = new()
        {
            Encoder = Copy(_encoder.Value),
            Decoder = Copy(_decoder.Value),
            EncoderBias = [.. _gradient.Autoencoder.EncoderBias.ToArray().Select(value => value / _scale)],
            DecoderBias = [.. _gradient.Autoencoder.DecoderBias.ToArray().Select(value => value / _scale)],
        };
        return new SparseAutoencoder(_gradient.Autoencoder.Architecture, parameters, provenance);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gradient.Dispose();
        _encoder.Dispose();
        _decoder.Dispose();
        _encoderBias.Dispose();
        _decoderBias.Dispose();
        _batch.Dispose();
    }

    private static NativeBuffer<float> Copy(NativeBuffer<float> source)
    {
        NativeBuffer<float> copy = new(source.Length, zeroed: false);
        source.Span.CopyTo(copy.Span);
        return copy;
    }

    // Mean and scale of rows spread evenly over those trained on.
    private static (float[] Mean, float Scale) MeasureScale(ITrainingRows rows, long count)
    {
        int sampled = (int)Math.Min(MostScaleRows, count);
        double[] sum = new double[rows.Width];
        double squares = 0;
        float[] row = new float[rows.Width];
        for (int i = 0; i < sampled; i++)
        {
            rows.Read(i * count / sampled, row);
            for (int j = 0; j < row.Length; j++)
            {
                sum[j] += row[j];
                squares += (double)row[j] * row[j];
            }
        }

        double variance = (squares - (sum.Sum(value => value * value) / sampled)) / sampled;
        double scale = Math.Sqrt(rows.Width / variance);
        return variance > 0 && double.IsFinite(scale) && (float)scale > 0
            ? ([.. sum.Select(value => (float)(value / sampled))], (float)scale)
            : throw new InputException(rows.Subject, "its rows are all the same, or not finite", "train on activations that vary");
    }

    private void Initialize()
    {
        RandomSource random = new(_options.Seed);
        for (int feature = 0; feature < _options.Features; feature++)
        {
            Span<float> direction = _decoder.Row(feature);
            foreach (ref float value in direction)
            {
                value = (float)random.NextNormal();
            }

            TensorPrimitives.Divide(direction, TensorPrimitives.Norm(direction), direction);
            direction.CopyTo(_encoder.Row(feature));
        }

        TensorPrimitives.Multiply(_mean, _scale, _decoderBias.Row(0));
        _gradient.TakeBiases();
    }

    private void Step()
    {
        ReadBatch(StepsTaken);
        _gradient.Encode(_batch);
        long seen = (long)StepsTaken * _options.BatchRows;
        int[] dead = [.. Enumerable.Range(0, _options.Features).Where(feature => seen - _lastActive[feature] >= _options.DeadAfterRows)];
        foreach (int feature in _gradient.Features.EntryIndices)
        {
            _lastActive[feature] = seen + _options.BatchRows;
        }

        _gradient.Compute(_batch, dead, _options.DeadWeight);
        Update();
        StepsTaken++;
    }

    private void ReadBatch(int step)
    {
        RandomSource random = new(unchecked((_options.Seed * 0x9E3779B97F4A7C15) + (ulong)step + 1));
        long[] drawn = new long[_options.BatchRows];
        for (int i = 0; i < drawn.Length; i++)
        {
            drawn[i] = (long)(random.NextDouble() * _trainingRows);
        }

        ForRows(drawn.Length, row => ReadScaled(drawn[row], _batch.Slice((nint)row * _rows.Width, _rows.Width)));
    }

    private void ReadScaled(long row, Span<float> destination)
    {
        _rows.Read(row, destination);
        TensorPrimitives.Multiply(destination, _scale, destination);
    }

    private void Update()
    {
        float rate = _schedule.At(StepsTaken);
        int step = StepsTaken + 1;
        ForRows(_options.Features, feature =>
        {
            // Only the part of the gradient that turns a direction is kept: its length stays one.
            Span<float> direction = _decoder.Row(feature), gradient = _decoder.GradientRow(feature);
            TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot(direction, gradient), gradient, gradient);
            _decoder.Update(feature, step, rate);
            TensorPrimitives.Divide(direction, TensorPrimitives.Norm(direction), direction);
            _encoder.Update(feature, step, rate);
        });
        _encoderBias.Update(0, step, rate);
        _decoderBias.Update(0, step, rate);
        _gradient.TakeBiases();
    }

    private AutoencoderTrainingPoint Evaluate()
    {
        int count = (int)(_rows.Count - _trainingRows), width = _rows.Width;
        using NativeBuffer<float> inputs = new((nint)count * width, zeroed: false);
        using NativeBuffer<float> outputs = new((nint)count * width, zeroed: false);
        ForRows(count, row => ReadScaled(_trainingRows + row, inputs.Slice((nint)row * width, width)));
        using SparseFeatureRows features = new(_options.Features);
        _gradient.Autoencoder.Encode(inputs.Span, features);
        _gradient.Autoencoder.Decode(features, [], outputs.Span);
        double left = 0, squares = 0;
        double[] sums = new double[width];
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> input = inputs.Slice((nint)row * width, width), output = outputs.Slice((nint)row * width, width);
            for (int j = 0; j < width; j++)
            {
                double difference = (double)input[j] - output[j];
                left += difference * difference;
                squares += (double)input[j] * input[j];
                sums[j] += input[j];
            }
        }

        double variation = squares - (sums.Sum(sum => sum * sum) / count);
        long seen = (long)StepsTaken * _options.BatchRows;
        return new AutoencoderTrainingPoint(
            StepsTaken,
            variation > 0 ? 1 - (left / variation) : 0,
            (double)features.EntryCount / count,
            _lastActive.Count(last => seen - last >= _options.DeadAfterRows));
    }

    private static void ForRows(int count, Action<int> body) =>
        DeterministicParallel.For((count + RowsPerTask - 1) / RowsPerTask, task =>
        {
            for (int row = task * RowsPerTask; row < Math.Min(count, (task + 1) * RowsPerTask); row++)
            {
                body(row);
            }
        });
}
