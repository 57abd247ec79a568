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
            for (int site = 0; keeps is not null && site < sites.Count; site++)
            {
                int index = site;
                hooks.Add(sites[site].Site, (_, value) => Tensor.FromValues(Replace(index, value.ToArray(), text, keeps!), value.Shape));
            }

            Tensor last = sites.Model.Forward(new TokenBatch([text.Clean]), hooks, LogitPositions.None);
            float[] logits = sites.Model.Unembed(last).LogSoftmax().ToArray();
            int outputs = logits.Length / text.Clean.Length;
            score += text.Terms.Sum(term => term.Weight * (double)logits[(term.Position * outputs) + term.Token]) / task.Pairs;
        }

        return score;
    }

    private float[] Replace(int site, float[] values, BehaviourText text, Func<FeatureNode, bool> keeps)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int width = autoencoder.InputWidth;
        for (int position = 0; position < text.Clean.Length; position++)
        {
            Span<float> row = values.AsSpan(position * width, width);
            (double[] own, double[] ownError) = Apart(autoencoder, row);
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
                double sum = autoencoder.DecoderBias[i] + (keepsError ? ownError : otherError)[i];
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
        (double[] features, double[] error) = (new double[autoencoder.FeatureCount], new double[autoencoder.InputWidth]);
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
            using TensorScope scope = new();
            sites.Model.Forward(new TokenBatch([other.Corrupt]), hooks, LogitPositions.None);
            (double[] f, double[] e) = Apart(autoencoder, values.AsSpan(position * autoencoder.InputWidth, autoencoder.InputWidth));
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

    private static (double[] Features, double[] Error) Apart(SparseAutoencoder autoencoder, ReadOnlySpan<float> row)
    {
        using SparseFeatureRows encoded = new(autoencoder.FeatureCount);
        autoencoder.Encode(row, encoded);
        double scale = autoencoder.OutputScale(row);
        double[] features = new double[autoencoder.FeatureCount];
        double[] error = [.. row.ToArray().Select((value, i) => (double)value - autoencoder.DecoderBias[i])];
        for (int i = 0; i < encoded.Indices(0).Length; i++)
        {
            int feature = encoded.Indices(0)[i];
            features[feature] = scale * encoded.Values(0)[i];
            for (int j = 0; j < error.Length; j++)
            {
                error[j] -= features[feature] * autoencoder.DecoderDirection(feature)[j];
            }
        }

        return (features, error);
    }
}
