namespace CircuitLasso.Models;

/// <summary>How pre-activations p = W x + b become features.</summary>
public enum SparseAutoencoderKind
{
    /// <summary>f = max(p, 0).</summary>
    Standard,

    /// <summary>f = 1[W x + gate bias &gt; 0] max(scale W x + magnitude bias, 0) (Rajamanoharan et al. 2024, "Improving Dictionary Learning with Gated Sparse Autoencoders").</summary>
    Gated,

    /// <summary>f = p where p &gt; max(threshold, 0) (or threshold itself, where the format keeps negative values), else 0; a threshold of its own for every feature, or one for all (BatchTopK when it is used).</summary>
    JumpRelu,

    /// <summary>f = p at the k largest p of the row, clipped at 0 unless the format keeps negative ones; of equal p the smaller index wins.</summary>
    TopK,
}
