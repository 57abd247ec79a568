namespace CircuitLasso.Models;

/// <summary>The attention of every block.</summary>
public sealed record AttentionDescription
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key and value heads; it divides <see cref="Heads"/>, and contiguous groups of query heads share one.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head; free, not necessarily the model's width over the heads.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Whether the query, key and value matrices have biases.</summary>
    public bool HasInputBias { get; init; }

    /// <summary>Whether the output matrix has a bias.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Whether a position sees only itself and earlier ones; otherwise attention goes both ways.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>Rotary positions, or null.</summary>
    public RotaryDescription? Rotary { get; init; }

    /// <summary>
    /// The norm of every head's queries and of every key head's keys, over the width of a head and before rotation (Qwen3); null for none.
    /// It is a root mean square with a gain that the heads of a layer share, one for queries and one for keys.
    /// </summary>
    public NormalizationDescription? HeadNormalization { get; init; }

    /// <summary>The soft limit c of the scores, c tanh(score / c), before the mask; null for none.</summary>
    public float? ScoreSoftCap { get; init; }

    /// <summary>By layer the number of latest positions that a query sees, its own included, null for all of them; empty where no layer has a window.</summary>
    public IReadOnlyList<int?> Windows { get; init; } = [];

    /// <summary>Factor of the scores, layer by layer: 1 / sqrt(head width) unless the architecture says otherwise.</summary>
    public required IReadOnlyList<float> ScoreScales { get; init; }

    /// <summary>The number of latest positions that a query of a layer sees, or null for all.</summary>
    /// <param name="layer">The layer, from 0.</param>
    public int? Window(int layer) => Windows.Count == 0 ? null : Windows[layer];
}
