namespace CircuitLasso.Models;

/// <summary>What a parameter is for, in any family.</summary>
public enum ParameterRole
{
    /// <summary>One row per token id.</summary>
    TokenEmbedding,

    /// <summary>One row per position.</summary>
    PositionEmbedding,

    /// <summary>Gain of the norm before attention.</summary>
    AttentionNormGain,

    /// <summary>Bias of the norm before attention.</summary>
    AttentionNormBias,

    /// <summary>Gain of the norm of every head's queries.</summary>
    QueryNormGain,

    /// <summary>Gain of the norm of every key head's keys.</summary>
    KeyNormGain,

    /// <summary>Gain of the norm after attention's output matrix.</summary>
    AttentionOutputNormGain,

    /// <summary>Gain of the norm after the MLP.</summary>
    MlpOutputNormGain,

    /// <summary>Query matrix, rows grouped by head.</summary>
    QueryWeight,

    /// <summary>Query bias.</summary>
    QueryBias,

    /// <summary>Key matrix, rows grouped by key head.</summary>
    KeyWeight,

    /// <summary>Key bias.</summary>
    KeyBias,

    /// <summary>Value matrix, rows grouped by value head.</summary>
    ValueWeight,

    /// <summary>Value bias.</summary>
    ValueBias,

    /// <summary>Attention's output matrix, columns grouped by head.</summary>
    OutputWeight,

    /// <summary>Attention's output bias.</summary>
    OutputBias,

    /// <summary>Gain of the norm before the MLP.</summary>
    MlpNormGain,

    /// <summary>Bias of the norm before the MLP.</summary>
    MlpNormBias,

    /// <summary>The matrix whose activation gates the hidden layer.</summary>
    MlpGateWeight,

    /// <summary>Bias of the gate.</summary>
    MlpGateBias,

    /// <summary>The matrix into the hidden layer.</summary>
    MlpUpWeight,

    /// <summary>Bias into the hidden layer.</summary>
    MlpUpBias,

    /// <summary>The matrix out of the hidden layer.</summary>
    MlpDownWeight,

    /// <summary>Bias out of the hidden layer.</summary>
    MlpDownBias,

    /// <summary>Gain of the norm before the unembedding.</summary>
    FinalNormGain,

    /// <summary>Bias of the norm before the unembedding.</summary>
    FinalNormBias,

    /// <summary>One row per output.</summary>
    Unembedding,

    /// <summary>One number per output.</summary>
    UnembeddingBias,
}
