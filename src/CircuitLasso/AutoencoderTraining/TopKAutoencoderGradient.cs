using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The gradient of a TopK autoencoder's loss on a batch X of B rows, d wide: with E the reconstruction less X, ||E||^2 / (B d), and for the dead features, with R the
/// reconstruction by the TopK of them alone, weight min(1, dead / k) ||R + E||^2 / ||E||^2, in which E counts as a constant. Not thread-safe.
/// </summary>
internal sealed class TopKAutoencoderGradient : IDisposable
{
    private const int RowsPerTask = 16;

    private readonly TrainedMatrix _encoder;
    private readonly TrainedMatrix _encoderBias;
    private readonly TrainedMatrix _decoder;
    private readonly TrainedMatrix _decoderBias;
    private readonly SparseAutoencoderParameters _parameters;
    private readonly NativeBuffer<float> _errors;
    private readonly NativeBuffer<float> _deadErrors;
    private readonly int _rows;

    /// <summary>Takes hold of parameters, which stay the caller's to dispose of.</summary>
    /// <param name="encoder">W, features x d.</param>
    /// <param name="encoderBias">b, one row.</param>
    /// <param name="decoder">D, features x d.</param>
    /// <param name="decoderBias">b_dec, one row.</param>
    /// <param name="k">Features kept in a row.</param>
    /// <param name="rows">B.</param>
    public TopKAutoencoderGradient(TrainedMatrix encoder, TrainedMatrix encoderBias, TrainedMatrix decoder, TrainedMatrix decoderBias, int k, int rows)
    {
        _encoder = encoder;
        _encoderBias = encoderBias;
        _decoder = decoder;
        _decoderBias = decoderBias;
        _rows = rows;
        _errors = new NativeBuffer<float>((nint)rows * Width);
        _deadErrors = new NativeBuffer<float>((nint)rows * Width);
        _parameters = new SparseAutoencoderParameters
        {
            Encoder = encoder.Value,
            Decoder = decoder.Value,
            EncoderBias = new float[encoder.Rows],
            DecoderBias = new float[Width],
        };
        Autoencoder = new SparseAutoencoder(Architecture(k), _parameters, new SparseAutoencoderProvenance { Format = "training" });
        Features = new SparseFeatureRows(encoder.Rows);
    }

    /// <summary>The autoencoder of the parameters as they are after <see cref="TakeBiases"/>.</summary>
    public SparseAutoencoder Autoencoder { get; }

    /// <summary>The active features of the last batch.</summary>
    public SparseFeatureRows Features { get; }

    private int Width => _decoder.Width;

    /// <summary>Makes the biases of <see cref="Autoencoder"/> those of the parameters; to be called whenever they have changed.</summary>
    public void TakeBiases()
    {
        _encoderBias.Row(0).CopyTo(_parameters.EncoderBias);
        _decoderBias.Row(0).CopyTo(_parameters.DecoderBias);
    }

    /// <summary>Finds the active features of a batch: <see cref="Features"/>.</summary>
    /// <param name="batch">X, B x d.</param>
    public void Encode(NativeBuffer<float> batch)
    {
        Features.Clear();
        Autoencoder.Encode(batch.Span, Features);
    }

    /// <summary>Writes the gradients of all parameters, after <see cref="Encode"/>.</summary>
    /// <param name="batch">The same batch; b_dec is subtracted from its rows.</param>
    /// <param name="dead">Features that count as dead.</param>
    /// <param name="deadWeight">Weight of their loss.</param>
    public void Compute(NativeBuffer<float> batch, int[] dead, float deadWeight)
    {
        DeterministicParallel.For((_rows + RowsPerTask - 1) / RowsPerTask, task =>
        {
            for (int row = task * RowsPerTask; row < Math.Min(_rows, (task + 1) * RowsPerTask); row++)
            {
                Span<float> error = Row(_errors, row), input = Row(batch, row);
                TensorPrimitives.Subtract(_decoderBias.Row(0), input, error);
                AddDirections(Features, row, null, error);
                TensorPrimitives.Subtract(input, _decoderBias.Row(0), input);
            }
        });
        _encoder.Gradient.Span.Clear();
        _decoder.Gradient.Span.Clear();
        _encoderBias.Gradient.Span.Clear();
        if (dead.Length > 0 && deadWeight > 0)
        {
            AddDead(batch, dead, deadWeight);
        }

        TensorPrimitives.Multiply(_errors.Span, 2f / _errors.Length, _errors.Span);
        new FeatureEntries(Features).AddGradients(null, _errors, batch, _encoder, _encoderBias, _decoder);
        AddDecoderBias();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Autoencoder.Dispose();
        Features.Dispose();
        _errors.Dispose();
        _deadErrors.Dispose();
    }

    private static SparseAutoencoderArchitecture Architecture(int k) => new() { Kind = SparseAutoencoderKind.TopK, K = k, SubtractsDecoderBias = true };

    private void AddDead(NativeBuffer<float> centred, int[] dead, float weight)
    {
        int k = Autoencoder.Architecture.K;
        double left = 0;
        for (int row = 0; row < _rows; row++)
        {
            left += TensorPrimitives.SumOfSquares(Row(_errors, row));
        }

        if (left == 0)
        {
            return;
        }

        NativeBuffer<float> encoder = new((nint)dead.Length * Width, zeroed: false);
        NativeBuffer<float> decoder = new((nint)dead.Length * Width, zeroed: false);
        for (int i = 0; i < dead.Length; i++)
        {
            _encoder.Row(dead[i]).CopyTo(encoder.Slice((nint)i * Width, Width));
            _decoder.Row(dead[i]).CopyTo(decoder.Slice((nint)i * Width, Width));
        }

        // The rows are centred already.
        SparseAutoencoderParameters parameters = new()
        {
            Encoder = encoder,
            Decoder = decoder,
            EncoderBias = [.. dead.Select(feature => _parameters.EncoderBias[feature])],
            DecoderBias = new float[Width],
        };
        using SparseAutoencoder autoencoder = new(Architecture(Math.Min(dead.Length, k)), parameters, Autoencoder.Provenance);
        using SparseFeatureRows features = new(dead.Length);
        autoencoder.Encode(centred.Span, features);
        float factor = (float)(2 * weight * Math.Min(1, (double)dead.Length / k) / left);
        DeterministicParallel.For((_rows + RowsPerTask - 1) / RowsPerTask, task =>
        {
            for (int row = task * RowsPerTask; row < Math.Min(_rows, (task + 1) * RowsPerTask); row++)
            {
                Span<float> error = Row(_deadErrors, row);
                Row(_errors, row).CopyTo(error);
                AddDirections(features, row, dead, error);
                TensorPrimitives.Multiply(error, factor, error);
            }
        });
        new FeatureEntries(features).AddGradients(dead, _deadErrors, centred, _encoder, _encoderBias, _decoder);
    }

    // b_dec stands in the output and, subtracted, in the input.
    private void AddDecoderBias()
    {
        Span<float> gradient = _decoderBias.GradientRow(0);
        gradient.Clear();
        for (int row = 0; row < _rows; row++)
        {
            TensorPrimitives.Add(gradient, Row(_errors, row), gradient);
        }

        MatrixProduct.Gemm(false, false, 1, Width, _encoder.Rows, -1, _encoderBias.Gradient.Span, _encoder.Rows, _encoder.Value.Span, Width, 1, gradient, Width);
    }

    // names gives the feature for each column; null where they are the same.
    private void AddDirections(SparseFeatureRows features, int row, int[]? names, Span<float> output)
    {
        ReadOnlySpan<int> indices = features.Indices(row);
        ReadOnlySpan<float> values = features.Values(row);
        for (int i = 0; i < indices.Length; i++)
        {
            TensorPrimitives.MultiplyAdd(_decoder.Row(names is null ? indices[i] : names[indices[i]]), values[i], output, output);
        }
    }

    private Span<float> Row(NativeBuffer<float> rows, int row) => rows.Slice((nint)row * Width, Width);
}
