namespace CircuitLasso.Models;

/// <summary>At which positions a forward pass computes logits, its dearest product.</summary>
public enum LogitPositions
{
    /// <summary>Everywhere: [b, p, outputs].</summary>
    All,

    /// <summary>At the last real token of each text: [b, 1, outputs].</summary>
    Last,

    /// <summary>Nowhere; the pass ends with the residual stream after the last block, which it returns: [b, p, d].</summary>
    None,
}
