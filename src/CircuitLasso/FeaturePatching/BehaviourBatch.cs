using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>Some texts of a <see cref="BehaviourTask"/> that go through the model together.</summary>
internal sealed class BehaviourBatch
{
    private readonly BehaviourText[] _texts;
    private readonly int[] _scoredRows;
    private readonly (int Text, int Row, int Token, float Weight)[] _terms;
    private readonly bool _isDifference;
    private readonly float _share;

    private BehaviourBatch(BehaviourTask task, BehaviourText[] texts)
    {
        _texts = texts;
        _share = 1f / task.Pairs;
        Clean = new TokenBatch([.. texts.Select(text => text.Clean)]);
        Corrupt = Array.TrueForAll(texts, text => ReferenceEquals(text.Clean, text.Corrupt)) ? Clean : new TokenBatch([.. texts.Select(text => text.Corrupt)]);
        OwnPositions = task.OwnPositions;
        SortedDictionary<int, int> rows = [];
        foreach (int row in texts.SelectMany((text, i) => text.Terms.Select(term => (i * Clean.Positions) + term.Position)))
        {
            rows[row] = 0;
        }

        _scoredRows = [.. rows.Keys];
        _terms = [.. texts.SelectMany((text, i) => text.Terms.Select(term => (i, Array.BinarySearch(_scoredRows, (i * Clean.Positions) + term.Position), term.Token, term.Weight)))];

        // Where the weights of a position add up to 0, its normaliser drops out, and logits will do.
        _isDifference = _terms.GroupBy(term => term.Row).All(group => group.Sum(term => term.Weight) == 0);
    }

    /// <summary>The clean texts.</summary>
    public TokenBatch Clean { get; }

    /// <summary>The corrupt texts.</summary>
    public TokenBatch Corrupt { get; }

    /// <summary>The texts.</summary>
    public IReadOnlyList<BehaviourText> Texts => _texts;

    /// <summary>What one pair, or one text of a readout, is of the behaviour.</summary>
    public float Share => _share;

    /// <inheritdoc cref="BehaviourTask.OwnPositions"/>
    public int OwnPositions { get; }

    /// <summary>Texts times positions.</summary>
    public int Rows => Clean.Count * Clean.Positions;

    /// <summary>Cuts a task into batches of texts of like length.</summary>
    /// <param name="task">The task.</param>
    /// <param name="model">The model.</param>
    /// <param name="floatsPerRow">Numbers that the work holds for one position of a text, beside a pass with gradients.</param>
    /// <param name="memoryBytes">Bytes that a batch may need; one text is always taken.</param>
    public static IReadOnlyList<BehaviourBatch> Cut(BehaviourTask task, TransformerModel model, double floatsPerRow, long memoryBytes)
    {
        ModelDescription description = model.Description;
        List<BehaviourBatch> batches = [];
        List<BehaviourText> texts = [];
        foreach (BehaviourText text in task.Texts.OrderBy(text => text.Clean.Length))
        {
            double layer = (12.0 * description.Width) + (4.0 * description.Mlp.HiddenWidth) + (6.0 * description.Attention.Heads * description.Attention.HeadWidth)
                + (3.0 * description.Attention.Heads * text.Clean.Length);
            double bytes = sizeof(float) * (floatsPerRow + (layer * description.Layers) + (4.0 * text.Terms.Count / text.Clean.Length * description.OutputSize));
            if (texts.Count > 0 && (texts.Count + 1.0) * text.Clean.Length * bytes > memoryBytes)
            {
                batches.Add(new BehaviourBatch(task, [.. texts]));
                texts.Clear();
            }

            texts.Add(text);
        }

        batches.Add(new BehaviourBatch(task, [.. texts]));
        return batches;
    }

    /// <summary>The batch's share of the behaviour, a mean over all pairs of the task.</summary>
    /// <param name="model">The model.</param>
    /// <param name="residual">The last residual stream, [b, p, d].</param>
    /// <returns>One number, with a graph where <paramref name="residual"/> has one.</returns>
    public Tensor Score(TransformerModel model, Tensor residual)
    {
        Tensor terms = Terms(model, residual);
        return terms.Multiply(Tensor.FromValues([.. _terms.Select(term => term.Weight)], _terms.Length, 1)).Sum().Scale(_share);
    }

    /// <summary>Adds each pair's behaviour.</summary>
    public void AddScores(TransformerModel model, Tensor residual, double[] scores)
    {
        float[] terms = Terms(model, residual).ToArray();
        for (int i = 0; i < terms.Length; i++)
        {
            scores[_texts[_terms[i].Text].Pair] += (double)_terms[i].Weight * terms[i];
        }
    }

    // [terms, 1].
    private Tensor Terms(TransformerModel model, Tensor residual)
    {
        Tensor logits = model.Unembed(residual.Reshape(Rows, model.Description.Width).SelectIndices(_scoredRows));
        int outputs = logits.Dimension(1);
        Tensor values = _isDifference ? logits : logits.LogSoftmax();
        return values.Reshape(checked(_scoredRows.Length * outputs), 1).SelectIndices([.. _terms.Select(term => (term.Row * outputs) + term.Token)]);
    }
}
