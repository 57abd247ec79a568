namespace CircuitLasso.Models;

/// <summary>Adds the tokens that belong around every text. Safe for use by several threads.</summary>
internal interface IPostProcessor
{
    /// <summary>The tokens that come before the text's own.</summary>
    IReadOnlyList<int> Before { get; }

    /// <summary>The tokens that come after the text's own.</summary>
    IReadOnlyList<int> After { get; }
}
