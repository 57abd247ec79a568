namespace CircuitLasso.Models;

/// <summary>What a sparse autoencoder or transcoder computes, apart from its weights. Immutable.</summary>
public sealed record SparseAutoencoderArchitecture
{
    /// <summary>How pre-activations become features.</summary>
    public required SparseAutoencoderKind Kind { get; init; }

    /// <summary>Features kept in a row; only with <see cref="SparseAutoencoderKind.TopK"/>, otherwise 0.</summary>
    public int K { get; init; }

    /// <summary>Whether what is chosen is kept as it is, also below 0; only with <see cref="SparseAutoencoderKind.TopK"/> and <see cref="SparseAutoencoderKind.JumpRelu"/>.</summary>
    public bool KeepsNegative { get; init; }

    /// <summary>Whether the decoder bias is subtracted from the (normalised) input before it is encoded: <c>apply_b_dec_to_input</c>.</summary>
    public bool SubtractsDecoderBias { get; init; }

    /// <summary>What is done to the input first.</summary>
    public InputNormalization Normalization { get; init; }

    /// <summary>Whether it reads one site and writes another, so that its output is not scaled back by its input's numbers.</summary>
    public bool IsTranscoder { get; init; }
}
