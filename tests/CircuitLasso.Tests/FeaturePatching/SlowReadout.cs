using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>A readout's behaviour as its definition says it: one text at a time, everything dense, means by plain loops.</summary>
internal sealed class SlowReadout(AutoencoderSites sites, BehaviourTask task, FeatureReplacement ablation)
{
    private readonly CircuitReadout _readout = task.Readout!.Readout;

    /// <summary>A text's score, or one for each class, from what is read at every position: by position and name, such as <c>resid_post.0/3</c> and <c>resid_post.0.error/3</c>.</summary>
    public static double[] Outputs(CircuitReadout readout, IReadOnlyList<Dictionary<string, double>> positions)
    {
        double[] outputs = [.. readout.Intercepts];
        foreach (ReadoutCoefficient part in readout.Coefficients)
        {
            double[] values = [.. positions.Select(position => position[Name(part)])];
            outputs[part.Output] += part.Value * readout.Pooling switch
            {
                _ when part.Position is { } position => position < values.Length ? values[position] : 0,
                Pooling.Last => values[^1],
                Pooling.Max => values.Max(),
                Pooling.Sum => values.Sum(),
                _ => values.Average(),
            };
        }

        return outputs;
    }

    /// <summary>m of a text by its scores.</summary>
    public static double Behaviour(CircuitReadout readout, double[] outputs, double answer) => readout.Classes.Count switch
    {
        0 => Math.Sign(answer - readout.Mean) * (outputs[0] - readout.Mean),
        2 => Math.Log(Probability(answer, outputs[0]) / (1 - Probability(answer, outputs[0]))),
        _ => Math.Log(Math.Exp(outputs[(int)answer]) / outputs.Where((_, k) => k != (int)answer).Sum(Math.Exp)),
    };

    public static string Name(ReadoutCoefficient part) => $"{part.Site}{(part.IsError ? ".error" : string.Empty)}/{part.Index}";

    /// <summary>The behaviour with the nodes kept that hold; of the model itself where null.</summary>
    public double Score(Func<FeatureNode, bool>? keeps)
    {
        using IDisposable mode = GradientMode.Disable();
        double score = 0;
        foreach (BehaviourText text in task.Texts)
        {
            using TensorScope scope = new();
            Dictionary<string, double>[] read = [.. text.Clean.Select(_ => new Dictionary<string, double>())];
            ForwardHooks hooks = new();
            float[]?[] inputs = new float[]?[sites.Count];
            for (int site = 0; site < sites.Count; site++)
            {
                int index = site;
                hooks.Add(sites[site].Site, (_, value) => Tensor.FromValues(Replace(index, value.ToArray(), inputs[index], keeps, read), value.Shape));
            }

            for (int site = 0; site < sites.Count; site++)
            {
                ReadInputs(hooks, site, inputs);
            }

            sites.Model.Forward(new TokenBatch([text.Clean]), hooks, LogitPositions.None);
            score += Behaviour(_readout, Outputs(_readout, read), text.Answer) / task.Pairs;
        }

        return score;
    }

    private static double Probability(double answer, double score) => 1 / (1 + Math.Exp(answer > 0 ? -score : score));

    private void ReadInputs(ForwardHooks hooks, int site, float[]?[] inputs)
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

    private float[] Replace(int site, float[] values, float[]? inputs, Func<FeatureNode, bool>? keeps, Dictionary<string, double>[] read)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        for (int position = 0; position < read.Length; position++)
        {
            Span<float> row = values.AsSpan(position * width, width);
            Apart own = Apart.Of(autoencoder, row, RowOf(autoencoder, inputs, row, position)), other = Other(site, position);
            bool Keeps(int feature) => keeps?.Invoke(new FeatureNode(site, feature)) ?? true;
            bool keepsError = Keeps(FeatureNode.Error);
            for (int i = 0; i < width; i++)
            {
                double sum = autoencoder.DecoderBias[i] + own.Skip[i] + (keepsError ? own : other).Error[i];
                for (int feature = 0; feature < own.Scaled.Length; feature++)
                {
                    sum += (Keeps(feature) ? own : other).Scaled[feature] * autoencoder.DecoderDirection(feature)[i];
                }

                row[i] = keeps is null ? row[i] : (float)sum;
                read[position][$"{sites[site].Site}.error/{i}"] = (keepsError ? own : other).Left[i];
            }

            for (int feature = 0; feature < own.Features.Length; feature++)
            {
                read[position][$"{sites[site].Site}/{feature}"] = (Keeps(feature) ? own : other).Features[feature];
            }
        }

        return values;
    }

    // Positions that every text has have means of their own; later tokens share one.
    private Apart Other(int site, int position)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        int shortest = task.Texts.Min(text => text.Clean.Length);
        List<Apart> rows = [];
        foreach (BehaviourText text in ablation == FeatureReplacement.Zero ? [] : task.Texts)
        {
            float[] values = [];
            ForwardHooks hooks = new();
            hooks.Add(sites[site].Site, (_, value) =>
            {
                values = value.ToArray();
                return null;
            });
            float[]?[] inputs = new float[]?[sites.Count];
            ReadInputs(hooks, site, inputs);
            using TensorScope scope = new();
            sites.Model.Forward(new TokenBatch([text.Clean]), hooks, LogitPositions.None);
            for (int at = 0; at < text.Clean.Length; at++)
            {
                if (position < shortest ? at == position : at >= shortest)
                {
                    Span<float> row = values.AsSpan(at * width, width);
                    rows.Add(Apart.Of(autoencoder, row, RowOf(autoencoder, inputs[site], row, at)));
                }
            }
        }

        double[] Mean(Func<Apart, double[]> of, int count) => [.. Enumerable.Range(0, count).Select(i => rows.Count == 0 ? 0 : rows.Average(row => of(row)[i]))];
        return new Apart(Mean(row => row.Features, autoencoder.FeatureCount), Mean(row => row.Scaled, autoencoder.FeatureCount), Mean(row => row.Error, width), Mean(row => row.Left, width), Mean(row => row.Skip, width));
    }

    private static ReadOnlySpan<float> RowOf(SparseAutoencoder autoencoder, float[]? inputs, ReadOnlySpan<float> row, int position) =>
        inputs is null ? row : inputs.AsSpan(position * autoencoder.InputWidth, autoencoder.InputWidth);

    // f, s f, what s f, the decoder's bias and the skip term leave, what the reconstruction leaves, and the skip term.
    private sealed record Apart(double[] Features, double[] Scaled, double[] Error, double[] Left, double[] Skip)
    {
        public static Apart Of(SparseAutoencoder autoencoder, ReadOnlySpan<float> row, ReadOnlySpan<float> input)
        {
            using SparseFeatureRows encoded = new(autoencoder.FeatureCount);
            autoencoder.Encode(input, encoded);
            double scale = autoencoder.OutputScale(input);
            double[] features = new double[autoencoder.FeatureCount];
            double[] skip = new double[row.Length];
            for (int i = 0; i < (autoencoder.HasSkip ? skip.Length : 0); i++)
            {
                for (int j = 0; j < input.Length; j++)
                {
                    skip[i] += autoencoder.Skip[(i * input.Length) + j] * (double)input[j];
                }
            }

            double[] error = [.. row.ToArray().Select((value, i) => value - autoencoder.DecoderBias[i] - skip[i])];
            for (int i = 0; i < encoded.Indices(0).Length; i++)
            {
                int feature = encoded.Indices(0)[i];
                features[feature] = encoded.Values(0)[i];
                for (int j = 0; j < error.Length; j++)
                {
                    error[j] -= scale * features[feature] * autoencoder.DecoderDirection(feature)[j];
                }
            }

            float[] left = new float[row.Length];
            autoencoder.Error(input, row, left);
            return new Apart(features, [.. features.Select(value => scale * value)], error, [.. left.Select(value => (double)value)], skip);
        }
    }
}
