using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>The features of one batch of texts at one site, and what the reconstruction leaves, token by token or pooled.</summary>
internal sealed class FeatureCollection : IDisposable
{
    private FeatureCollection(SparseFeatureRows features, float[] errors)
    {
        Features = features;
        Errors = errors;
    }

    /// <summary>Rows in the batch's order.</summary>
    public SparseFeatureRows Features { get; }

    /// <summary>rows x width.</summary>
    public float[] Errors { get; }

    /// <summary>Encodes the tokens that pooling needs, and pools their features and errors: a feature that is not active at a position is 0 there.</summary>
    /// <param name="autoencoder">The autoencoder.</param>
    /// <param name="inputs">Activations of the padded batch that are encoded, texts x positions x width.</param>
    /// <param name="outputs">Those that are reconstructed; the same array unless it is a transcoder.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="pooling">How positions become rows.</param>
    public static FeatureCollection Encode(SparseAutoencoder autoencoder, float[] inputs, float[] outputs, TokenBatch batch, Pooling pooling)
    {
        int[] lengths = [.. batch.Lengths];
        float[] tokens = Kept(inputs, autoencoder.InputWidth, batch.Positions, lengths, pooling);
        float[] targets = ReferenceEquals(inputs, outputs) ? tokens : Kept(outputs, autoencoder.OutputWidth, batch.Positions, lengths, pooling);
        SparseFeatureRows features = new(autoencoder.FeatureCount);
        try
        {
            autoencoder.Encode(tokens, features);
            float[] errors = new float[targets.Length];
            autoencoder.Decode(features, autoencoder.DecodingNeedsInputs ? tokens : [], errors);
            System.Numerics.Tensors.TensorPrimitives.Subtract(targets, errors, errors);
            if (pooling is Pooling.None or Pooling.Last)
            {
                return new FeatureCollection(features, errors);
            }

            FeatureCollection pooled = new(Pool(features, lengths, pooling), PoolErrors(errors, lengths, autoencoder.OutputWidth, pooling));
            features.Dispose();
            return pooled;
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }

    public void Dispose() => Features.Dispose();

    // The tokens that pooling needs: no padding, and of the last position no others.
    private static float[] Kept(float[] values, int width, int positions, int[] lengths, Pooling pooling)
    {
        bool lastOnly = pooling == Pooling.Last;
        float[] tokens = new float[(lastOnly ? lengths.Length : lengths.Sum()) * width];
        int written = 0;
        for (int text = 0; text < lengths.Length; text++)
        {
            int first = lastOnly ? lengths[text] - 1 : 0;
            ReadOnlySpan<float> kept = values.AsSpan(((text * positions) + first) * width, (lengths[text] - first) * width);
            kept.CopyTo(tokens.AsSpan(written));
            written += kept.Length;
        }

        return tokens;
    }

    private static SparseFeatureRows Pool(SparseFeatureRows tokens, int[] lengths, Pooling pooling)
    {
        SparseFeatureRows pooled = new(tokens.FeatureCount);
        float[] row = new float[tokens.FeatureCount];
        int[] active = new int[tokens.FeatureCount];
        List<int> found = [];
        int next = 0;
        foreach (int length in lengths)
        {
            for (int token = next; token < next + length; token++)
            {
                ReadOnlySpan<int> indices = tokens.Indices(token);
                ReadOnlySpan<float> values = tokens.Values(token);
                for (int i = 0; i < indices.Length; i++)
                {
                    int feature = indices[i];
                    if (active[feature]++ == 0)
                    {
                        found.Add(feature);
                        row[feature] = values[i];
                    }
                    else
                    {
                        row[feature] = pooling == Pooling.Max ? Math.Max(row[feature], values[i]) : row[feature] + values[i];
                    }
                }
            }

            next += length;
            found.Sort();
            float[] kept = new float[found.Count];
            for (int i = 0; i < kept.Length; i++)
            {
                float value = row[found[i]];
                kept[i] = pooling switch
                {
                    Pooling.Mean => value / length,
                    Pooling.Max when active[found[i]] < length => Math.Max(value, 0),
                    _ => value,
                };
                active[found[i]] = 0;
            }

            pooled.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(found), kept);
            found.Clear();
        }

        return pooled;
    }

    private static float[] PoolErrors(float[] errors, int[] lengths, int width, Pooling pooling)
    {
        float[] pooled = new float[lengths.Length * width];
        int token = 0;
        for (int text = 0; text < lengths.Length; text++)
        {
            Span<float> row = pooled.AsSpan(text * width, width);
            PositionPooling.Pool(errors.AsSpan(token * width, lengths[text] * width), row, pooling);
            token += lengths[text];
        }

        return pooled;
    }
}
