namespace CircuitLasso.Models;

/// <summary>
/// What a pass of a batch costs, reckoned from shapes before it runs: the arithmetic of its matrix products, and the bytes of the activations that it must hold at once.
/// </summary>
/// <param name="Operations">Multiplications and additions of the matrix products of a forward pass. Attention is counted in full, though half of a causal one is hidden.</param>
/// <param name="ForwardBytes">Float32 activations of the largest block, or the logits with what they are computed from, where that is more: without gradients no more is held.</param>
/// <param name="GradientBytes">Float32 activations that a backward pass reads, of all blocks, and the logits with their gradients.</param>
public readonly record struct PassCost(double Operations, long ForwardBytes, long GradientBytes)
{
    /// <summary>The cost of a batch.</summary>
    /// <param name="description">The model.</param>
    /// <param name="texts">Number of texts.</param>
    /// <param name="positions">Positions of the longest text, to which the others are padded.</param>
    /// <param name="logitPositions">Where logits are computed.</param>
    public static PassCost Of(ModelDescription description, int texts, int positions, LogitPositions logitPositions)
    {
        ArgumentNullException.ThrowIfNull(description);
        double tokens = (double)texts * positions;
        double scored = logitPositions switch
        {
            LogitPositions.All => tokens,
            LogitPositions.Last => texts,
            _ => 0,
        };
        double width = description.Width;
        double queries = (double)description.Attention.Heads * description.Attention.HeadWidth;
        double keys = (double)description.Attention.KeyValueHeads * description.Attention.HeadWidth;
        double hidden = description.Mlp.HiddenWidth;
        double layer = (2 * width * ((2 * queries) + (2 * keys))) + (2 * width * hidden * (description.Mlp.Gated ? 3 : 2)) + (4 * queries * positions);

        // The normalised streams, the sublayers' outputs and the streams after them; queries, keys, values and their mix; the hidden layer before and after its nonlinearity.
        double rotated = description.Attention.Rotary is null ? 0 : queries + keys;
        double kept = tokens * ((6 * width) + (2 * queries) + (2 * keys) + rotated + (hidden * (description.Mlp.Gated ? 4 : 2)));
        double logits = scored * description.OutputSize;
        double normalized = scored * width;
        return new PassCost(
            (tokens * description.Layers * layer) + (2 * scored * width * description.OutputSize),
            (long)(sizeof(float) * Math.Max((tokens * width) + kept, (tokens * width) + normalized + logits)),
            (long)(sizeof(float) * ((tokens * width) + (kept * description.Layers) + normalized + (2 * logits))));
    }
}
