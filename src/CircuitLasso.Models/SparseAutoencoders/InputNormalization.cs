namespace CircuitLasso.Models;

/// <summary>What is done to an activation x of width d before it is encoded; a reconstruction is scaled back by the same numbers.</summary>
public enum InputNormalization
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>x becomes (x - mean) / (s + 1e-5), where s is the unbiased standard deviation (n - 1) of the entries of x; back: times s, plus mean.</summary>
    LayerNorm,

    /// <summary>
    /// x becomes x - mean, the mean of the entries of x; back: plus mean. So activations look whose model writes nothing along the vector of ones
    /// (<c>center_writing_weights</c> of TransformerLens), which changes nothing else where every reader normalises with a LayerNorm.
    /// </summary>
    Centered,

    /// <summary>x becomes x sqrt(d) / |x|, and 0 stays 0; back: times |x| / sqrt(d).</summary>
    ConstantNorm,
}
