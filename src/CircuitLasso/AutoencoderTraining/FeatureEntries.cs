using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The active features of a batch, feature by feature, so that each feature's gradients are summed by one thread in the order of the rows.</summary>
internal sealed class FeatureEntries
{
    private const int FeaturesPerTask = 64;

    private readonly int[] _starts;
    private readonly int[] _rows;
    private readonly float[] _values;

    /// <summary>Turns rows of features into features of rows.</summary>
    public FeatureEntries(SparseFeatureRows features)
    {
        _starts = new int[features.FeatureCount + 1];
        ReadOnlySpan<int> indices = features.EntryIndices;
        ReadOnlySpan<float> values = features.EntryValues;
        foreach (int feature in indices)
        {
            _starts[feature + 1]++;
        }

        for (int feature = 0; feature < features.FeatureCount; feature++)
        {
            _starts[feature + 1] += _starts[feature];
        }

        _rows = new int[indices.Length];
        _values = new float[indices.Length];
        int[] next = _starts[..^1];
        ReadOnlySpan<long> rowStarts = features.RowStarts;
        for (int row = 0; row < features.RowCount; row++)
        {
            for (int entry = (int)rowStarts[row]; entry < rowStarts[row + 1]; entry++)
            {
                int place = next[indices[entry]]++;
                _rows[place] = row;
                _values[place] = values[entry];
            }
        }
    }

    /// <summary>
    /// Adds the gradients of a loss with gradient g_r at row r's reconstruction: with z the value of feature i in row r, D_i += z g_r, and with s = D_i . g_r,
    /// W_i += s x_r and b_i += s.
    /// </summary>
    /// <param name="features">The feature for each column here; null where they are the same.</param>
    /// <param name="outputGradients">g, rows x width.</param>
    /// <param name="centred">x, what the encoder is multiplied with, rows x width.</param>
    /// <param name="encoder">W.</param>
    /// <param name="encoderBias">b, one row.</param>
    /// <param name="decoder">D.</param>
    public void AddGradients(int[]? features, NativeBuffer<float> outputGradients, NativeBuffer<float> centred, TrainedMatrix encoder, TrainedMatrix encoderBias, TrainedMatrix decoder)
    {
        int columns = _starts.Length - 1, width = decoder.Width;
        DeterministicParallel.For((columns + FeaturesPerTask - 1) / FeaturesPerTask, task =>
        {
            Span<float> bias = encoderBias.GradientRow(0);
            for (int column = task * FeaturesPerTask; column < Math.Min(columns, (task + 1) * FeaturesPerTask); column++)
            {
                int feature = features is null ? column : features[column];
                ReadOnlySpan<float> direction = decoder.Row(feature);
                Span<float> decoderGradient = decoder.GradientRow(feature), encoderGradient = encoder.GradientRow(feature);
                for (int entry = _starts[column]; entry < _starts[column + 1]; entry++)
                {
                    ReadOnlySpan<float> gradient = outputGradients.Slice((nint)_rows[entry] * width, width);
                    float slope = TensorPrimitives.Dot(direction, gradient);
                    TensorPrimitives.MultiplyAdd(gradient, _values[entry], decoderGradient, decoderGradient);
                    TensorPrimitives.MultiplyAdd(centred.Slice((nint)_rows[entry] * width, width), slope, encoderGradient, encoderGradient);
                    bias[feature] += slope;
                }
            }
        });
    }
}
