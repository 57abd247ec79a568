using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Runs a model over the texts of a task, once each, and keeps what its components write.</summary>
internal static class ContributionCollector
{
    /// <summary>Collects.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layout">The texts.</param>
    /// <param name="withPatterns">Whether attention patterns are kept too.</param>
    /// <param name="hiddenSamples">On how many of the first samples it is kept what the nonlinearity of MLPs is applied to.</param>
    /// <param name="memoryBytes">About how much a batch of texts may take.</param>
    /// <param name="progress">Told of texts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static ComponentContributions Collect(
        TransformerModel model, SampleLayout layout, bool withPatterns, int hiddenSamples, long memoryBytes, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        ModelDescription description = model.Description;
        long perToken = sizeof(float) * ((16L * description.Width) + (3L * description.Mlp.HiddenWidth) + (3L * description.Attention.Heads * layout.Slots));
        int size = (int)Math.Clamp(memoryBytes / (perToken * layout.Slots), 1, 256);
        ComponentContributions contributions = new(model, layout, withPatterns, hiddenSamples);
        try
        {
            using IDisposable mode = GradientMode.Disable();
            for (int start = 0; start < layout.Samples; start += size)
            {
                cancellation.ThrowIfCancellationRequested();
                int[][] texts = [.. Enumerable.Range(start, Math.Min(size, layout.Samples - start)).Select(layout.Text)];
                TokenBatch batch = new(texts);
                using TensorScope scope = new();
                model.Forward(batch, Hooks(contributions, start, batch), LogitPositions.None);
                progress?.Report(new WorkProgress("running the model", start + texts.Length, layout.Samples, "texts"));
            }

            return contributions;
        }
        catch
        {
            contributions.Dispose();
            throw;
        }
    }

    private static ForwardHooks Hooks(ComponentContributions contributions, int start, TokenBatch batch)
    {
        ForwardHooks hooks = new();
        void Keep(Site site, Action<float[]> copy) => hooks.Add(site, (_, value) =>
        {
            copy(value.ToArray());
            return null;
        });
        int width = contributions.Width;
        int heads = contributions.Description.Attention.Heads;
        int headWidth = contributions.Description.Attention.HeadWidth;
        Keep(new Site(SiteKind.Embedding), values => CopyRows(contributions, start, batch, values, width, 0, contributions.Coordinates(0), width));
        for (int l = 0; l < contributions.Description.Layers; l++)
        {
            int layer = l;
            Keep(new Site(SiteKind.AttentionMixNormalized, layer), values =>
            {
                for (int head = 0; head < heads; head++)
                {
                    CopyRows(contributions, start, batch, values, heads * headWidth, head * headWidth, contributions.Coordinates(contributions.HeadNode(layer, head)), headWidth);
                }
            });
            Keep(new Site(SiteKind.MlpOutput, layer), values => CopyRows(contributions, start, batch, values, width, 0, contributions.Coordinates(contributions.MlpNode(layer)), width));
            if (start < contributions.HiddenSamples)
            {
                int units = contributions.Description.Mlp.HiddenWidth;
                Keep(new Site(SiteKind.MlpPreActivation, layer), values => CopyRows(contributions, start, batch, values, units, 0, contributions.HiddenInputs(layer), units));
            }

            if (contributions.HasPatterns)
            {
                int valueWidth = contributions.ValueWidth;
                Keep(new Site(SiteKind.Value, layer), values => CopyRows(contributions, start, batch, values, valueWidth, 0, contributions.Values(layer), valueWidth));
                Keep(new Site(SiteKind.AttentionPattern, layer), values => CopyPatterns(contributions, layer, start, batch, values));
                hooks.Add(new Site(SiteKind.AttentionMix, layer), (_, mix) =>
                {
                    ScalePatterns(contributions, layer, start, batch, contributions.Model.AttentionOutputScale(layer, mix)?.ToArray());
                    return null;
                });
            }
        }

        return hooks;
    }

    private static void CopyRows(ComponentContributions contributions, int start, TokenBatch batch, float[] values, int width, int column, Span<float> destination, int columns)
    {
        SampleLayout layout = contributions.Layout;
        for (int text = 0; text < batch.Count && (start + text) * layout.Slots * columns < destination.Length; text++)
        {
            int row = ((start + text) * layout.Slots) + layout.First(start + text);
            for (int position = 0; position < batch.Lengths[text]; position++)
            {
                values.AsSpan((((text * batch.Positions) + position) * width) + column, columns).CopyTo(destination.Slice((row + position) * columns, columns));
            }
        }
    }

    // Coordinates are over the scale of the norm that follows the output matrix, so that the pattern that mixes values to them is, too: the scale is taken as it was, as the pattern is.
    private static void ScalePatterns(ComponentContributions contributions, int layer, int start, TokenBatch batch, float[]? scales)
    {
        SampleLayout layout = contributions.Layout;
        for (int text = 0; text < batch.Count && scales is not null; text++)
        {
            int first = layout.First(start + text);
            for (int head = 0; head < contributions.Description.Attention.Heads; head++)
            {
                Span<float> pattern = contributions.Pattern(layer, head, start + text);
                for (int position = 0; position < batch.Lengths[text]; position++)
                {
                    Span<float> row = pattern.Slice((first + position) * layout.Slots, layout.Slots);
                    System.Numerics.Tensors.TensorPrimitives.Multiply(row, scales[(text * batch.Positions) + position], row);
                }
            }
        }
    }

    private static void CopyPatterns(ComponentContributions contributions, int layer, int start, TokenBatch batch, float[] values)
    {
        SampleLayout layout = contributions.Layout;
        int heads = contributions.Description.Attention.Heads;
        for (int text = 0; text < batch.Count; text++)
        {
            int first = layout.First(start + text);
            int length = batch.Lengths[text];
            for (int head = 0; head < heads; head++)
            {
                Span<float> pattern = contributions.Pattern(layer, head, start + text);
                for (int position = 0; position < length; position++)
                {
                    values.AsSpan((((text * heads) + head) * batch.Positions + position) * batch.Positions, length)
                        .CopyTo(pattern.Slice(((first + position) * layout.Slots) + first, length));
                }
            }
        }
    }
}
