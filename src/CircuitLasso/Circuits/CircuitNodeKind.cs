namespace CircuitLasso;

/// <summary>What a node of a circuit stands for.</summary>
public enum CircuitNodeKind
{
    /// <summary>The input of the model: the token and position embedding.</summary>
    Input,

    /// <summary>One attention head.</summary>
    AttentionHead,

    /// <summary>The MLP of one layer.</summary>
    Mlp,

    /// <summary>The model's output.</summary>
    Logits,

    /// <summary>One feature of a sparse autoencoder at one site.</summary>
    Feature,

    /// <summary>What a sparse autoencoder leaves out at one site.</summary>
    Error,

    /// <summary>What the circuit explains: a label of the text or the model's own behaviour.</summary>
    Target,

    /// <summary>A block of columns that the user brought.</summary>
    Block,
}
