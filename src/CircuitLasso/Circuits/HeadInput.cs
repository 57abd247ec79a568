namespace CircuitLasso;

/// <summary>The three things that an attention head reads, each of which may have edges of its own.</summary>
public enum HeadInput
{
    /// <summary>What its queries are made of.</summary>
    Query,

    /// <summary>What its keys are made of.</summary>
    Key,

    /// <summary>What its values are made of.</summary>
    Value,
}
