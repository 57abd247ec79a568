using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>Ablation as its definition says it: one text at a time, every feature dense, the decoder as a matrix.</summary>
internal sealed class SlowFeatureAblation(AutoencoderSites sites, BehaviourTask task, FeatureReplacement ablation, ErrorHandling errors)
{
    /// <summary>The behaviour with the nodes kept that hold; of the model itself where null.</summary>
    public double Score(Func<FeatureNode, bool>? keeps)
    {
        using IDisposable mode = GradientMode.Disable();
        double score = 0;
        foreach (BehaviourText text in task.Texts)
        {
            using TensorScope scope = new();
            ForwardHooks hooks = new();
            float[][] inputs = new float[sites.Count][];
            for (int site = 0; keeps is not null && site < sites.Count; site++)
            {
                int index = site;
                hooks.Add(sites[site].Site, (_, value) => Tensor.FromValues(Replace(index, value.ToArray(), inputs[index], text, keeps!), value.Shape));
            }

            for (int site = 0; site < sites.Count; site++)
            {
                ReadInputs(hooks, site, inputs);
            }

            Tensor last = sites.Model.Forward(new TokenBatch([text.Clean]), hooks, LogitPositions.None);
            float[] logits = sites.Model.Unembed(last).LogSoftmax().ToArray();
            int outputs = logits.Length / text.Clean.Length;
            score += text.Terms.Sum(term => term.Weight * (double)logits[(term.Position * outputs) + term.Token]) / task.Pairs;
        }

        return score;
    }

    private void ReadInputs(ForwardHooks hooks, int site, float[][] inputs)
    {
        if (sites[site].IsTranscoder)
        {
            hooks.Add(sites[site].InputSite, (_, value) =>
            {
                inputs[site] = value.ToArray();
                return null;
            });
        }
    }

    private float[] Replace(int site, float[] values, float[]? inputs, BehaviourText text, Func<FeatureNode, bool> keeps)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int width = autoencoder.OutputWidth, read = autoencoder.InputWidth;
        for (int position = 0; position < text.Clean.Length; position++)
        {
            Span<float> row = values.AsSpan(position * width, width);
            (double[] own, double[] ownError, double[] skip) = Apart(autoencoder, row, inputs is null ? row : inputs.AsSpan(position * read, read));
            (double[] other, double[] otherError) = Other(site, position, text);
            bool keepsError = errors switch
            {
                ErrorHandling.Kept => true,
                ErrorHandling.Removed => false,
                ErrorHandling.ResidualOnly => sites[site].Site.ToString() is "embed" or ['r', ..] && keeps(new FeatureNode(site, FeatureNode.Error)),
                _ => keeps(new FeatureNode(site, FeatureNode.Error)),
            };
            for (int i = 0; i < width; i++)
            {
                double sum = autoencoder.DecoderBias[i] + skip[i] + (keepsError ? ownError : otherError)[i];
                for (int feature = 0; feature < own.Length; feature++)
                {
                    sum += (keeps(new FeatureNode(site, feature)) ? own : other)[feature] * autoencoder.DecoderDirection(feature)[i];
                }

                row[i] = (float)sum;
            }
        }

        return values;
    }

    private (double[] Features, double[] Error) Other(int site, int position, BehaviourText text)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        (double[] features, double[] error) = (new double[autoencoder.FeatureCount], new double[autoencoder.OutputWidth]);
        BehaviourText[] texts = ablation switch
        {
            FeatureReplacement.Mean => [.. task.Texts.Where(other => other.Corrupt.Length > position)],
            FeatureReplacement.Corrupt => [text],
            _ => [],
        };
        foreach (BehaviourText other in texts)
        {
            float[] values = [];
            ForwardHooks hooks = new();
            hooks.Add(sites[site].Site, (_, value) =>
            {
                values = value.ToArray();
                return null;
            });
            float[][] inputs = new float[sites.Count][];
            ReadInputs(hooks, site, inputs);
            using TensorScope scope = new();
            sites.Model.Forward(new TokenBatch([other.Corrupt]), hooks, LogitPositions.None);
            (double[] f, double[] e, _) = Apart(
                autoencoder, values.AsSpan(position * autoencoder.OutputWidth, autoencoder.OutputWidth), (inputs[site] ?? values).AsSpan(position * autoencoder.InputWidth, autoencoder.InputWidth));
            for (int i = 0; i < f.Length; i++)
            {
                features[i] += f[i] / texts.Length;
            }

            for (int i = 0; i < e.Length; i++)
            {
                error[i] += e[i] / texts.Length;
            }
        }

        return (features, error);
    }

    private static (double[] Features, double[] Error, double[] Skip) Apart(SparseAutoencoder autoencoder, ReadOnlySpan<float> row, ReadOnlySpan<float> input)
    {
        using SparseFeatureRows encoded = new(autoencoder.FeatureCount);
        autoencoder.Encode(input, encoded);
        double scale = autoencoder.OutputScale(input);
        double[] features = new double[autoencoder.FeatureCount];
        double[] skip = new double[row.Length];
        for (int i = 0; autoencoder.HasSkip && i < row.Length; i++)
        {
            for (int j = 0; j < input.Length; j++)
            {
                skip[i] += autoencoder.Skip[(i * input.Length) + j] * (double)input[j];
            }
        }

        double[] error = [.. row.ToArray().Select((value, i) => (double)value - autoencoder.DecoderBias[i] - skip[i])];
        for (int i = 0; i < encoded.Indices(0).Length; i++)
        {
            int feature = encoded.Indices(0)[i];
            features[feature] = scale * encoded.Values(0)[i];
            for (int j = 0; j < error.Length; j++)
            {
                error[j] -= features[feature] * autoencoder.DecoderDirection(feature)[j];
            }
        }

        return (features, error, skip);
    }
}
