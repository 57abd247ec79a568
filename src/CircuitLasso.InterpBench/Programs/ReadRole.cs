namespace CircuitLasso.InterpBench;

/// <summary>Through which input a component reads a variable.</summary>
public enum ReadRole
{
    /// <summary>The queries of an attention head.</summary>
    Query,

    /// <summary>The keys of an attention head.</summary>
    Key,

    /// <summary>The values of an attention head.</summary>
    Value,

    /// <summary>The input of an MLP.</summary>
    Mlp,

    /// <summary>Some input of an attention head; which one the program leaves open.</summary>
    Any,

    /// <summary>The unembedding.</summary>
    Unembedding,
}
