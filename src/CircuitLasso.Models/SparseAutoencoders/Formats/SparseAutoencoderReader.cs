using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Reads the parameters of one sparse autoencoder, checks every shape against the encoder's, and refuses numbers that are not finite.
/// What was read belongs to it until <see cref="Build"/> hands it on.
/// </summary>
internal sealed class SparseAutoencoderReader(SparseAutoencoderSource source) : IDisposable
{
    private const int StepLength = 1 << 20;
    private const int TransposeBlock = 64;

    private NativeBuffer<float>? _encoder;
    private NativeBuffer<float>? _decoder;
    private NativeBuffer<float>? _skip;

    public int FeatureCount { get; private set; }

    public int InputWidth { get; private set; }

    public int OutputWidth { get; private set; }

    public float[] EncoderBias { get; set; } = [];

    public float[] DecoderBias { get; set; } = [];

    public float[]? Thresholds { get; set; }

    public float[]? GateBias { get; set; }

    public float[]? MagnitudeScale { get; set; }

    public float[]? MagnitudeBias { get; set; }

    /// <summary>Reads the encoder, which says how many features there are and how wide the input is.</summary>
    public void ReadEncoder(string name, MatrixOrder order)
    {
        (FeatureCount, InputWidth, _encoder) = ReadMatrix(name, order);
        EncoderBias = new float[FeatureCount];
    }

    /// <summary>Reads the decoder, which says how wide the output is.</summary>
    public void ReadDecoder(string name, MatrixOrder order)
    {
        (int features, OutputWidth, _decoder) = ReadMatrix(name, order);
        if (features != FeatureCount)
        {
            throw source.Bad($"tensor '{name}' has {features} features, and the encoder has {FeatureCount}");
        }

        DecoderBias = new float[OutputWidth];
    }

    /// <summary>Reads the matrix of a skip connection, output width x input width.</summary>
    public void ReadSkip(string name)
    {
        (int rows, int columns, _skip) = ReadMatrix(name, MatrixOrder.FeatureRows);
        if (rows != OutputWidth || columns != InputWidth)
        {
            throw source.Bad($"tensor '{name}' is {rows} x {columns}, and the output is {OutputWidth} and the input {InputWidth} wide");
        }
    }

    /// <summary>Reads one number for each feature.</summary>
    public float[] PerFeature(string name) => ReadVector(name, FeatureCount);

    /// <summary>Reads one number for each place of the output.</summary>
    public float[] PerOutput(string name) => ReadVector(name, OutputWidth);

    /// <summary>Reads a tensor of one number.</summary>
    public float Number(string name)
    {
        IReadOnlyList<long> shape = source.Tensors.Shape(name);
        if (shape.Count > 1 || (shape.Count == 1 && shape[0] != 1))
        {
            throw source.Bad($"tensor '{name}' is not one number");
        }

        float[] value = new float[1];
        source.Tensors.ReadSingle(name, value);
        RequireFinite(name, value);
        return value[0];
    }

    /// <summary>Measures features in units in which each decoder direction has length 1: encoder, biases and thresholds times its length, decoder divided by it.</summary>
    /// <param name="unlessNearOne">Leaves everything as it is where all lengths are 1 to about 1e-5.</param>
    public void NormalizeDecoder(bool unlessNearOne)
    {
        float[] norms = new float[FeatureCount];
        for (int feature = 0; feature < FeatureCount; feature++)
        {
            norms[feature] = TensorPrimitives.Norm(Row(_decoder!, feature, OutputWidth));
        }

        if (unlessNearOne && Array.TrueForAll(norms, norm => Math.Abs(norm - 1) <= 1.001e-5))
        {
            return;
        }

        for (int feature = 0; feature < FeatureCount; feature++)
        {
            ScaleRow(_encoder!, feature, InputWidth, norms[feature]);
            EncoderBias[feature] *= norms[feature];
            if (norms[feature] > 0)
            {
                ScaleRow(_decoder!, feature, OutputWidth, 1 / norms[feature]);
            }
        }
    }

    /// <summary>Multiplies each feature's row of the decoder by a factor of its own.</summary>
    public void ScaleDecoder(float[] factors)
    {
        for (int feature = 0; feature < FeatureCount; feature++)
        {
            ScaleRow(_decoder!, feature, OutputWidth, factors[feature]);
        }
    }

    /// <summary>Multiplies whole matrices (and the decoder's bias) by one factor each.</summary>
    public void Scale(float encoder, float decoder, float decoderBias)
    {
        for (int feature = 0; feature < FeatureCount; feature++)
        {
            ScaleRow(_encoder!, feature, InputWidth, encoder);
            ScaleRow(_decoder!, feature, OutputWidth, decoder);
        }

        TensorPrimitives.Multiply(DecoderBias, decoderBias, DecoderBias);
    }

    /// <summary>Makes the autoencoder, which then owns what was read.</summary>
    public SparseAutoencoder Build(SparseAutoencoderArchitecture architecture, SparseAutoencoderProvenance provenance)
    {
        SparseAutoencoderParameters parameters = new()
        {
            Encoder = _encoder!,
            Decoder = _decoder!,
            EncoderBias = EncoderBias,
            DecoderBias = DecoderBias,
            Thresholds = Thresholds,
            GateBias = GateBias,
            MagnitudeScale = MagnitudeScale,
            MagnitudeBias = MagnitudeBias,
            Skip = _skip,
        };
        if (SparseAutoencoder.Problem(architecture, parameters) is { } problem)
        {
            throw source.Bad(problem);
        }

        SparseAutoencoder autoencoder = new(architecture, parameters, provenance);
        (_encoder, _decoder, _skip) = (null, null, null);
        return autoencoder;
    }

    public void Dispose()
    {
        _encoder?.Dispose();
        _decoder?.Dispose();
        _skip?.Dispose();
    }

    private float[] ReadVector(string name, int length)
    {
        IReadOnlyList<long> shape = source.Tensors.Shape(name);
        if (shape.Count != 1 || shape[0] != length)
        {
            throw source.Bad($"tensor '{name}' has shape [{string.Join(", ", shape)}] where [{length}] is expected");
        }

        float[] values = new float[length];
        source.Tensors.ReadSingle(name, values);
        RequireFinite(name, values);
        return values;
    }

    private (int Rows, int Columns, NativeBuffer<float> Values) ReadMatrix(string name, MatrixOrder order)
    {
        IReadOnlyList<long> shape = source.Tensors.Shape(name);
        if (shape.Count != 2 || shape[0] < 1 || shape[1] < 1 || (Int128)shape[0] * shape[1] > int.MaxValue)
        {
            throw source.Bad($"tensor '{name}' has shape [{string.Join(", ", shape)}] where a matrix of at most 2^31 - 1 numbers is expected");
        }

        (int rows, int columns) = ((int)shape[0], (int)shape[1]);
        NativeBuffer<float> stored = new((nint)rows * columns, zeroed: false);
        try
        {
            source.Tensors.ReadSingle(name, stored.Span);
            for (int start = 0; start < stored.Length; start += StepLength)
            {
                RequireFinite(name, stored.Slice(start, (int)Math.Min(StepLength, stored.Length - start)));
            }

            if (order == MatrixOrder.FeatureRows)
            {
                return (rows, columns, stored);
            }

            NativeBuffer<float> transposed = Transpose(stored, rows, columns);
            stored.Dispose();
            return (columns, rows, transposed);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    private static NativeBuffer<float> Transpose(NativeBuffer<float> stored, int rows, int columns)
    {
        NativeBuffer<float> transposed = new(stored.Length, zeroed: false);
        ReadOnlySpan<float> from = stored.Span;
        Span<float> to = transposed.Span;
        for (int row = 0; row < rows; row += TransposeBlock)
        {
            for (int column = 0; column < columns; column += TransposeBlock)
            {
                for (int i = row; i < Math.Min(rows, row + TransposeBlock); i++)
                {
                    for (int j = column; j < Math.Min(columns, column + TransposeBlock); j++)
                    {
                        to[(j * rows) + i] = from[(i * columns) + j];
                    }
                }
            }
        }

        return transposed;
    }

    private void RequireFinite(string name, ReadOnlySpan<float> values)
    {
        if (!TensorPrimitives.IsFiniteAll(values))
        {
            throw source.Bad($"tensor '{name}' holds something that is not a finite number", "download or train it again");
        }
    }

    private static Span<float> Row(NativeBuffer<float> matrix, int row, int width) => matrix.Slice((nint)row * width, width);

    private static void ScaleRow(NativeBuffer<float> matrix, int row, int width, float factor)
    {
        Span<float> values = Row(matrix, row, width);
        TensorPrimitives.Multiply(values, factor, values);
    }
}
