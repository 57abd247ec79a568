using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Runs batches of texts through a model and keeps what was asked for. Several threads may run batches of their own at once.</summary>
internal sealed class ActivationRunner
{
    // Rows whose scores are computed at once: enough that the unembedding, which may be the largest matrix of all, is not read more often than it must be.
    private const int ScoredAtOnce = 4096;
    private readonly TransformerModel _model;
    private readonly IReadOnlyList<Site> _sites;
    private readonly IReadOnlyList<SiteAutoencoder> _autoencoders;
    private readonly Pooling _pooling;

    public ActivationRunner(TransformerModel model, IReadOnlyList<Site> sites, IReadOnlyList<SiteAutoencoder> autoencoders, Pooling pooling)
    {
        _model = model;
        _sites = sites;
        _autoencoders = autoencoders;
        _pooling = pooling;
        SiteWidths = [.. sites.Select(site => Width(model.Description, site))];
    }

    /// <summary>Columns of each site.</summary>
    public IReadOnlyList<int> SiteWidths { get; }

    /// <summary>Columns of a site, every head's together.</summary>
    public static int Width(ModelDescription description, Site site) => site.Kind switch
    {
        SiteKind.Query or SiteKind.AttentionMix or SiteKind.AttentionMixNormalized => description.Attention.Heads * description.Attention.HeadWidth,
        SiteKind.Key or SiteKind.Value => description.Attention.KeyValueHeads * description.Attention.HeadWidth,
        SiteKind.AttentionHead => description.Attention.Heads * description.Width,
        SiteKind.MlpPreActivation or SiteKind.MlpHidden => description.Mlp.HiddenWidth,
        SiteKind.Logits => description.OutputSize,
        SiteKind.AttentionPattern => throw new ArgumentException("An attention pattern has no fixed width.", nameof(site)),
        _ => description.Width,
    };

    /// <summary>Runs one batch without gradients.</summary>
    public CollectedRows Run(IReadOnlyList<int[]> texts)
    {
        TokenBatch batch = new(texts);
        int[] firstRow = new int[texts.Count + 1];
        for (int text = 0; text < texts.Count; text++)
        {
            firstRow[text + 1] = firstRow[text] + (_pooling == Pooling.None ? texts[text].Length : 1);
        }

        CollectedRows rows = new(firstRow[^1], SiteWidths, _autoencoders.Count, _model.Description.Width);
        ForwardHooks hooks = new();
        for (int index = 0; index < _sites.Count; index++)
        {
            float[] destination = rows.Sites[index];
            int width = SiteWidths[index];
            hooks.Add(_sites[index], (_, value) =>
            {
                Pool(value.ToArray(), batch, firstRow, width, destination, _pooling);
                return null;
            });
        }

        for (int index = 0; index < _autoencoders.Count; index++)
        {
            int place = index;
            SiteAutoencoder entry = _autoencoders[index];
            float[]? inputs = null;
            if (entry.IsTranscoder)
            {
                hooks.Add(entry.InputSite, (_, value) =>
                {
                    inputs = value.ToArray();
                    return null;
                });
            }

            hooks.Add(entry.Site, (_, value) =>
            {
                float[] outputs = value.ToArray();
                rows.Features[place] = FeatureCollection.Encode(entry.Autoencoder, inputs ?? outputs, outputs, batch, _pooling);
                inputs = null;
                return null;
            });
        }

        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        bool wantsLogits = _sites.Any(site => site.Kind == SiteKind.Logits);
        float[] final = [];
        hooks.Add(new Site(SiteKind.ResidualAfter, _model.Description.Layers - 1), (_, value) =>
        {
            final = value.ToArray();
            return null;
        });
        _model.Forward(batch, hooks, wantsLogits ? LogitPositions.All : LogitPositions.None);
        Pool(final, batch, firstRow, _model.Description.Width, rows.FinalResidual, _pooling == Pooling.None ? Pooling.None : Pooling.Last);
        AddLogProbabilities(final, batch, firstRow, rows.LogProbability);
        return rows;
    }

    private static void Pool(float[] values, TokenBatch batch, int[] firstRow, int width, float[] destination, Pooling pooling)
    {
        for (int text = 0; text < batch.Count; text++)
        {
            PositionPooling.Pool(
                values.AsSpan(text * batch.Positions * width, batch.Lengths[text] * width),
                destination.AsSpan(firstRow[text] * width, (firstRow[text + 1] - firstRow[text]) * width),
                pooling);
        }
    }

    // Scores each token by the logits at the position before it. A model whose outputs are no tokens gives none a probability.
    private void AddLogProbabilities(float[] final, TokenBatch batch, int[] firstRow, float[] destination)
    {
        if (!_model.Description.PredictsTokens)
        {
            Array.Fill(destination, float.NaN);
            return;
        }

        int width = _model.Description.Width;
        List<(int Row, int Position, int Next)> scored = [];
        for (int text = 0; text < batch.Count; text++)
        {
            int length = batch.Lengths[text];
            for (int position = 0; position + 1 < length; position++)
            {
                int row = _pooling == Pooling.None ? firstRow[text] + position : firstRow[text];
                scored.Add((row, (text * batch.Positions) + position, batch.Ids[(text * batch.Positions) + position + 1]));
            }

            if (_pooling == Pooling.None)
            {
                destination[firstRow[text + 1] - 1] = float.NaN;
            }
        }

        double[] sums = new double[destination.Length];
        for (int start = 0; start < scored.Count; start += ScoredAtOnce)
        {
            int count = Math.Min(ScoredAtOnce, scored.Count - start);
            float[] rows = new float[count * width];
            int[] next = new int[count];
            for (int i = 0; i < count; i++)
            {
                final.AsSpan(scored[start + i].Position * width, width).CopyTo(rows.AsSpan(i * width));
                next[i] = scored[start + i].Next;
            }

            using TensorScope scope = new();
            float[] logProbabilities = _model.LogProbabilities(Tensor.FromValues(rows, count, width), next).ToArray();
            for (int i = 0; i < count; i++)
            {
                sums[scored[start + i].Row] += logProbabilities[i];
            }
        }

        for (int row = 0; row < destination.Length; row++)
        {
            destination[row] = float.IsNaN(destination[row]) ? float.NaN : (float)sums[row];
        }
    }
}
