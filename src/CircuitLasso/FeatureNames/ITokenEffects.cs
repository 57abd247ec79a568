namespace CircuitLasso;

/// <summary>What directions in the residual stream do to the logits of all tokens when they go straight to the unembedding. Implementations are thread-safe.</summary>
public interface ITokenEffects
{
    /// <summary>Length of a direction.</summary>
    int Width { get; }

    /// <summary>Number of tokens.</summary>
    int TokenCount { get; }

    /// <summary>The effects of some directions on every token.</summary>
    /// <param name="directions">Directions x <see cref="Width"/>, row-major.</param>
    /// <param name="effects">Takes directions x <see cref="TokenCount"/>.</param>
    /// <exception cref="ArgumentException">The lengths are not those of as many directions.</exception>
    void Compute(ReadOnlySpan<float> directions, Span<float> effects);
}
