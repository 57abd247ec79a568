namespace CircuitLasso.InterpBench;

/// <summary>The shape of the transformer that is trained to follow a program. Learned positions are added to the token embedding; biases start at 0.</summary>
public sealed record LowLevelShape
{
    /// <summary>Number of layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads of a layer.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a head's queries, keys and values; heads times this need not be <see cref="Width"/>.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Width of an MLP's hidden layer.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>Whether a layer norm without parameters (LNPre) stands before every block and before the unembedding; otherwise there is no norm at all.</summary>
    public bool HasNorm { get; init; }

    /// <summary>The MLP's nonlinearity, by TransformerLens' name: <c>gelu</c> (exact), <c>gelu_new</c> (by tanh) or <c>relu</c>.</summary>
    public string Activation { get; init; } = "gelu";

    /// <summary>Standard deviation of every weight matrix, embeddings included, before training.</summary>
    public required double InitialDeviation { get; init; }
}
