namespace CircuitLasso.Regression;

/// <summary>What a block of columns may do in the block-upper-triangular problem.</summary>
public enum BlockRole
{
    /// <summary>It explains later blocks and is explained by earlier ones.</summary>
    SourceAndTarget,

    /// <summary>It only explains (the embedding).</summary>
    SourceOnly,

    /// <summary>It is only explained (the output, y).</summary>
    TargetOnly,
}
