using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// A sparse autoencoder, or a transcoder, with fixed weights: features f = act(W (n(x) - b_in) + b), reconstruction D'f + b_dec (+ skip x for
/// some transcoders), scaled back by the numbers that n took from x. Encoding is sparse: it never holds more than a block of rows densely.
/// </summary>
/// <remarks>
/// All members but <see cref="Dispose"/> may be called from several threads at once. The same rows in the same call give the same bytes,
/// whatever the number of threads: rows are encoded in blocks counted from the first row of the call.
/// </remarks>
public sealed partial class SparseAutoencoder : IDisposable
{
    private const int LargestBlock = 256;
    private const int LargestBlockEntries = 1 << 22;

    private readonly SparseAutoencoderParameters _parameters;
    private readonly float[] _bounds;
    private readonly int _blockRows;

    /// <summary>Makes an autoencoder, which then owns the parameters.</summary>
    /// <param name="architecture">What it computes.</param>
    /// <param name="parameters">The weights; on an exception they still belong to the caller.</param>
    /// <param name="provenance">Where it comes from.</param>
    /// <exception cref="ArgumentException">
    /// Lengths of the parameters disagree, what the kind needs is missing, k is not from 1 to the number of features, or a vector or matrix is longer than 2^31 - 1.
    /// </exception>
    public SparseAutoencoder(SparseAutoencoderArchitecture architecture, SparseAutoencoderParameters parameters, SparseAutoencoderProvenance provenance)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(provenance);
        if (Problem(architecture, parameters) is { } problem)
        {
            throw new ArgumentException(problem, nameof(parameters));
        }

        Architecture = architecture;
        Provenance = provenance;
        _parameters = parameters;
        FeatureCount = parameters.EncoderBias.Length;
        OutputWidth = parameters.DecoderBias.Length;
        InputWidth = (int)(parameters.Encoder.Length / FeatureCount);
        _bounds = architecture.Kind == SparseAutoencoderKind.JumpRelu ? Array.ConvertAll(parameters.Thresholds!, threshold => architecture.KeepsNegative ? threshold : Math.Max(threshold, 0)) : [];
        _blockRows = Math.Clamp(LargestBlockEntries / FeatureCount, 1, LargestBlock);
    }

    /// <summary>What it computes.</summary>
    public SparseAutoencoderArchitecture Architecture { get; }

    /// <summary>Where it comes from and where it belongs.</summary>
    public SparseAutoencoderProvenance Provenance { get; }

    /// <summary>How pre-activations become features.</summary>
    public SparseAutoencoderKind Kind => Architecture.Kind;

    /// <summary>Number of features.</summary>
    public int FeatureCount { get; }

    /// <summary>Width of the activations that are encoded.</summary>
    public int InputWidth { get; }

    /// <summary>Width of the activations that are decoded; the input width unless it is a transcoder.</summary>
    public int OutputWidth { get; }

    /// <summary>Whether decoding needs the inputs that were encoded: their scale, or their product with the skip matrix.</summary>
    public bool DecodingNeedsInputs => _parameters.Skip is not null || ScalesBack;

    /// <summary>Each feature's bias before its activation, b.</summary>
    public ReadOnlySpan<float> EncoderBias => _parameters.EncoderBias;

    /// <summary>The bias of the output.</summary>
    public ReadOnlySpan<float> DecoderBias => _parameters.DecoderBias;

    /// <summary>Each feature's threshold; empty unless <see cref="Kind"/> is <see cref="SparseAutoencoderKind.JumpRelu"/>.</summary>
    public ReadOnlySpan<float> Thresholds => _parameters.Thresholds;

    /// <summary>Each feature's gate bias; empty unless <see cref="Kind"/> is <see cref="SparseAutoencoderKind.Gated"/>.</summary>
    public ReadOnlySpan<float> GateBias => _parameters.GateBias;

    /// <summary>Each feature's factor of its magnitude; empty unless <see cref="Kind"/> is <see cref="SparseAutoencoderKind.Gated"/>.</summary>
    public ReadOnlySpan<float> MagnitudeScale => _parameters.MagnitudeScale;

    /// <summary>Each feature's bias of its magnitude; empty unless <see cref="Kind"/> is <see cref="SparseAutoencoderKind.Gated"/>.</summary>
    public ReadOnlySpan<float> MagnitudeBias => _parameters.MagnitudeBias;

    /// <summary>Whether it is a transcoder that adds a product of its raw input to its output.</summary>
    public bool HasSkip => _parameters.Skip is not null;

    /// <summary>The matrix of that product, output width x input width; empty where there is none. Valid until this is disposed of.</summary>
    public ReadOnlySpan<float> Skip => _parameters.Skip is { } skip ? skip.Span : [];

    private bool ScalesBack => Architecture.Normalization != InputNormalization.None && !Architecture.IsTranscoder;

    /// <summary>A feature's row of W: the direction of the (normalised) input that it reads.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such feature.</exception>
    public ReadOnlySpan<float> EncoderDirection(int feature) => Direction(_parameters.Encoder, feature, InputWidth);

    /// <summary>A feature's row of D: what one unit of it adds to the output, before that is scaled back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such feature.</exception>
    public ReadOnlySpan<float> DecoderDirection(int feature) => Direction(_parameters.Decoder, feature, OutputWidth);

    /// <summary>The whole of W, features x input width. Valid until this is disposed of.</summary>
    public ReadOnlySpan<float> Encoder => _parameters.Encoder.Span;

    /// <summary>The whole of D, features x output width. Valid until this is disposed of.</summary>
    public ReadOnlySpan<float> Decoder => _parameters.Decoder.Span;

    /// <summary>The factor by which the decoder's directions reach the output for one input: 1 unless the output is scaled back.</summary>
    /// <param name="input">One activation, as wide as the input.</param>
    /// <exception cref="ArgumentException">The activation has another width.</exception>
    public float OutputScale(ReadOnlySpan<float> input)
    {
        RequireWidth(input, InputWidth, 1, nameof(input));
        return ScalesBack ? InputScaling.Of(Architecture.Normalization, input).Factor : 1;
    }

    /// <summary>Adds the features of rows of activations to <paramref name="features"/>.</summary>
    /// <param name="inputs">The activations, rows x input width, row-major.</param>
    /// <param name="features">Takes as many rows; its columns are the features.</param>
    /// <exception cref="ArgumentException">The activations are no whole rows, or <paramref name="features"/> has another number of columns.</exception>
    /// <exception cref="InputException">An activation is not a finite number; no row of its block was added.</exception>
    public void Encode(ReadOnlySpan<float> inputs, SparseFeatureRows features)
    {
        int rows = RowsOf(inputs, InputWidth, nameof(inputs));
        RequireFeatures(features);
        int most = Math.Min(rows, _blockRows);
        using NativeBuffer<float> prepared = new((nint)most * InputWidth, zeroed: false);
        using NativeBuffer<float> dense = new((nint)most * FeatureCount, zeroed: false);
        for (int start = 0; start < rows; start += _blockRows)
        {
            int count = Math.Min(_blockRows, rows - start);
            Prepare(inputs.Slice(start * InputWidth, count * InputWidth), prepared.Slice(0, count * InputWidth));
            PreActivate(prepared.Slice(0, count * InputWidth), dense.Slice(0, count * FeatureCount), count);
            Select(dense, count, features);
        }
    }

    /// <summary>The reconstruction of every row: D'f + b_dec, with a transcoder's skip term, scaled back where the input was scaled.</summary>
    /// <param name="features">The features; they may be changed ones.</param>
    /// <param name="inputs">The activations that were encoded, rows x input width; may be empty unless <see cref="DecodingNeedsInputs"/>.</param>
    /// <param name="outputs">Takes rows x output width.</param>
    /// <exception cref="ArgumentException">A length is not that of as many rows, or <paramref name="features"/> has another number of columns.</exception>
    public void Decode(SparseFeatureRows features, ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        RequireFeatures(features);
        RequireWidth(outputs, OutputWidth, features.RowCount, nameof(outputs));
        if (DecodingNeedsInputs || !inputs.IsEmpty)
        {
            RequireWidth(inputs, InputWidth, features.RowCount, nameof(inputs));
        }

        for (int row = 0; row < features.RowCount; row++)
        {
            Span<float> output = outputs.Slice(row * OutputWidth, OutputWidth);
            DecoderBias.CopyTo(output);
            ReadOnlySpan<int> indices = features.Indices(row);
            ReadOnlySpan<float> values = features.Values(row);
            for (int i = 0; i < indices.Length; i++)
            {
                TensorPrimitives.MultiplyAdd(DecoderDirection(indices[i]), values[i], output, output);
            }

            if (ScalesBack)
            {
                InputScaling.Of(Architecture.Normalization, inputs.Slice(row * InputWidth, InputWidth)).Restore(output);
            }
        }

        if (HasSkip)
        {
            AddSkip(inputs, outputs);
        }
    }

    /// <summary>Adds a transcoder's product of its skip matrix and its raw input, which is neither a feature's nor the error's; nothing where there is no such matrix.</summary>
    /// <param name="inputs">The activations that are encoded, rows x input width.</param>
    /// <param name="outputs">Rows x output width, to which the product is added.</param>
    /// <exception cref="ArgumentException">The activations are no whole rows, or the outputs not as many.</exception>
    public void AddSkip(ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        int rows = RowsOf(inputs, InputWidth, nameof(inputs));
        RequireWidth(outputs, OutputWidth, rows, nameof(outputs));
        if (_parameters.Skip is { } skip)
        {
            MatrixProduct.Gemm(false, true, rows, OutputWidth, InputWidth, 1, inputs, InputWidth, skip.Span, InputWidth, 1, outputs, OutputWidth);
        }
    }

    /// <summary>Encodes and decodes.</summary>
    /// <param name="inputs">The activations, rows x input width.</param>
    /// <param name="outputs">Takes rows x output width.</param>
    /// <inheritdoc cref="Encode" path="/exception"/>
    public void Reconstruct(ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        using SparseFeatureRows features = new(FeatureCount);
        Encode(inputs, features);
        Decode(features, inputs, outputs);
    }

    /// <summary>The error term: what the reconstruction leaves of the activations that it stands for.</summary>
    /// <param name="inputs">The activations that are encoded, rows x input width.</param>
    /// <param name="targets">The activations that are reconstructed, rows x output width: the inputs themselves unless it is a transcoder.</param>
    /// <param name="errors">Takes targets minus reconstruction; must not overlap the others.</param>
    /// <inheritdoc cref="Encode" path="/exception"/>
    public void Error(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, Span<float> errors)
    {
        RequireWidth(targets, OutputWidth, RowsOf(inputs, InputWidth, nameof(inputs)), nameof(targets));
        Reconstruct(inputs, errors);
        TensorPrimitives.Subtract(targets, errors, errors);
    }

    /// <summary>Frees the weights. Calling it again does nothing.</summary>
    public void Dispose() => _parameters.Dispose();

    private void Prepare(ReadOnlySpan<float> inputs, Span<float> prepared)
    {
        for (int start = 0; start < inputs.Length; start += InputWidth)
        {
            ReadOnlySpan<float> input = inputs.Slice(start, InputWidth);
            Span<float> row = prepared.Slice(start, InputWidth);
            if (!TensorPrimitives.IsFiniteAll(input))
            {
                string site = Provenance.InputSite?.ToString() ?? Provenance.HookName ?? "activations";
                throw new InputException(site, "an activation is not a finite number and cannot be encoded", "check the model's weights");
            }

            if (Architecture.Normalization == InputNormalization.None)
            {
                input.CopyTo(row);
            }
            else
            {
                InputScaling.Of(Architecture.Normalization, input).Normalize(input, row);
            }

            if (Architecture.SubtractsDecoderBias)
            {
                TensorPrimitives.Subtract(row, DecoderBias, row);
            }
        }
    }

    private void PreActivate(ReadOnlySpan<float> prepared, Span<float> dense, int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            EncoderBias.CopyTo(dense.Slice(row * FeatureCount, FeatureCount));
        }

        MatrixProduct.Gemm(false, true, rows, FeatureCount, InputWidth, 1, prepared, InputWidth, Encoder, InputWidth, 1, dense, FeatureCount);
    }

    private void Select(NativeBuffer<float> dense, int rows, SparseFeatureRows features)
    {
        int first = features.RowCount;
        int[] counts = new int[rows];
        if (Kind == SparseAutoencoderKind.TopK)
        {
            int k = Architecture.K;
            int[] indices = new int[rows * k];
            float[] values = new float[rows * k];
            float bound = Architecture.KeepsNegative ? float.NegativeInfinity : 0;
            DeterministicParallel.For(rows, row => counts[row] = FeatureSelection.Largest(Row(dense, row), k, bound, indices.AsSpan(row * k, k), values.AsSpan(row * k, k)));
            features.AddRows(counts);
            for (int row = 0; row < rows; row++)
            {
                indices.AsSpan(row * k, counts[row]).CopyTo(features.WritableIndices(first + row));
                values.AsSpan(row * k, counts[row]).CopyTo(features.WritableValues(first + row));
            }

            return;
        }

        DeterministicParallel.For(rows, row =>
        {
            Activate(Row(dense, row));
            counts[row] = FeatureSelection.CountNonZero(Row(dense, row));
        });
        features.AddRows(counts);
        DeterministicParallel.For(rows, row => FeatureSelection.CopyNonZero(Row(dense, row), features.WritableIndices(first + row), features.WritableValues(first + row)));
    }

    private void Activate(Span<float> row)
    {
        switch (Kind)
        {
            case SparseAutoencoderKind.JumpRelu:
                FeatureActivation.Jump(row, _bounds);
                break;
            case SparseAutoencoderKind.Gated:
                FeatureActivation.Gate(row, _parameters.GateBias, _parameters.MagnitudeScale, _parameters.MagnitudeBias);
                break;
            default:
                FeatureActivation.Rectify(row);
                break;
        }
    }

    private Span<float> Row(NativeBuffer<float> dense, int row) => dense.Slice((nint)row * FeatureCount, FeatureCount);

    private ReadOnlySpan<float> Direction(NativeBuffer<float> matrix, int feature, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(feature);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(feature, FeatureCount);
        return matrix.Slice((nint)feature * width, width);
    }

    private static int RowsOf(ReadOnlySpan<float> rows, int width, string name) =>
        rows.Length % width == 0 ? rows.Length / width : throw new ArgumentException($"{rows.Length} numbers are no whole rows of {width}.", name);

    private static void RequireWidth(ReadOnlySpan<float> rows, int width, int count, string name)
    {
        if (rows.Length != (long)width * count)
        {
            throw new ArgumentException($"{rows.Length} numbers are not {count} rows of {width}.", name);
        }
    }

    private void RequireFeatures(SparseFeatureRows features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.FeatureCount != FeatureCount)
        {
            throw new ArgumentException($"The rows have {features.FeatureCount} columns, and there are {FeatureCount} features.", nameof(features));
        }
    }

    /// <summary>What does not fit together, or null.</summary>
    internal static string? Problem(SparseAutoencoderArchitecture architecture, SparseAutoencoderParameters parameters)
    {
        int features = parameters.EncoderBias.Length;
        int output = parameters.DecoderBias.Length;
        nint input = features == 0 ? 0 : parameters.Encoder.Length / features;
        bool PerFeature(float[]? vector) => vector?.Length == features;
        bool isTopK = architecture.Kind == SparseAutoencoderKind.TopK;
        bool isJump = architecture.Kind == SparseAutoencoderKind.JumpRelu;
        return features == 0 || input == 0 || output == 0 ? "there are no features or no width"
            : parameters.Encoder.Length != features * input || parameters.Encoder.Length > int.MaxValue ? "the encoder is not features x input width, or too long"
            : parameters.Decoder.Length != (nint)features * output || parameters.Decoder.Length > int.MaxValue ? "the decoder is not features x output width, or too long"
            : parameters.Skip is { } skip && skip.Length != output * input ? "the skip matrix is not output width x input width"
            : parameters.Skip is not null && !architecture.IsTranscoder ? "only a transcoder has a skip matrix"
            : !architecture.IsTranscoder && input != output ? $"only a transcoder has an output (of width {output}) of another width than its input ({input})"
            : architecture.SubtractsDecoderBias && input != output ? "the decoder bias is not as wide as the input that it is subtracted from"
            : architecture.Normalization == InputNormalization.LayerNorm && input < 2 ? "one number has no standard deviation"
            : isTopK && (architecture.K < 1 || architecture.K > features) ? $"k is {architecture.K}, and there are {features} features"
            : (!isTopK && architecture.K != 0) || (!isTopK && !isJump && architecture.KeepsNegative) ? "k belongs to TopK alone, and only TopK and JumpReLU can keep negative values"
            : isJump != PerFeature(parameters.Thresholds) ? "thresholds belong to JumpReLU, one for each feature"
            : (architecture.Kind == SparseAutoencoderKind.Gated) != (PerFeature(parameters.GateBias) && PerFeature(parameters.MagnitudeScale) && PerFeature(parameters.MagnitudeBias)) ? "gates belong to the gated kind, one for each feature"
            : null;
    }
}
