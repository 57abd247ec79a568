using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Measures what the heads of a model look at in minimal pairs.</summary>
internal static class HeadAttentionMeasure
{
    private const int Batch = 256;

    /// <summary>Averages every head's attention from the last word of each prefix.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">A tokenizer with one token a word.</param>
    /// <param name="examples">The pairs.</param>
    /// <returns>One entry per head, by layer and head.</returns>
    public static IReadOnlyList<HeadAttention> Measure(TransformerModel model, Tokenizer tokenizer, IReadOnlyList<GrammarExample> examples)
    {
        int layers = model.Description.Layers;
        int heads = model.Description.Attention.Heads;
        Tally[] tallies = [.. Enumerable.Range(0, layers * heads).Select(_ => new Tally())];
        using IDisposable mode = GradientMode.Disable();
        foreach (GrammarExample[] chunk in examples.Chunk(Batch))
        {
            int start = tokenizer.IdsBeforeText.Count;
            TokenBatch batch = new([.. chunk.Select(example => tokenizer.Encode(example.Prefix))]);
            ForwardHooks hooks = new();
            for (int layer = 0; layer < layers; layer++)
            {
                hooks.Add(new Site(SiteKind.AttentionPattern, layer), (site, pattern) =>
                {
                    Add(pattern.ToArray(), batch, chunk, start, heads, tallies.AsSpan(site.Layer * heads, heads));
                    return null;
                });
            }

            using TensorScope scope = new();
            model.Forward(batch, hooks, LogitPositions.None);
        }

        return [.. tallies.Select((tally, index) => tally.ToAttention(ComponentGraph.HeadName(index / heads, index % heads)))];
    }

    private static void Add(float[] pattern, TokenBatch batch, GrammarExample[] chunk, int start, int heads, Span<Tally> tallies)
    {
        int positions = batch.Positions;
        for (int text = 0; text < chunk.Length; text++)
        {
            int last = batch.Lengths[text] - 1;
            int cue = start + chunk[text].Cue;
            int attractor = chunk[text].Attractor < 0 ? -1 : start + chunk[text].Attractor;
            for (int head = 0; head < heads; head++)
            {
                tallies[head].Add(pattern.AsSpan(((((text * heads) + head) * positions) + last) * positions, last + 1), cue, attractor, start);
            }
        }
    }

    private sealed class Tally
    {
        private double _cue;
        private double _attractor;
        private double _last;
        private double _start;
        private int _cueIsMost;
        private int _texts;
        private int _withAttractor;
        private int _withOtherLast;

        public void Add(ReadOnlySpan<float> row, int cue, int attractor, int start)
        {
            int last = row.Length - 1;
            _texts++;
            _cue += row[cue];
            if (attractor >= 0)
            {
                _withAttractor++;
                _attractor += row[attractor];
            }

            if (last != cue && last != attractor)
            {
                _withOtherLast++;
                _last += row[last];
            }

            for (int position = 0; position < start; position++)
            {
                _start += row[position];
            }

            _cueIsMost += row[cue] >= System.Numerics.Tensors.TensorPrimitives.Max(row[start..]) ? 1 : 0;
        }

        public HeadAttention ToAttention(string head) => new(
            head, Share(_cue, _texts), Share(_attractor, _withAttractor), Share(_last, _withOtherLast), Share(_start, _texts), Share(_cueIsMost, _texts));

        private static double Share(double sum, int count) => count > 0 ? sum / count : 0;
    }
}
