namespace CircuitLasso.Models;

/// <summary>Rewrites a text before it is split. Safe for use by several threads.</summary>
internal interface INormalizer
{
    /// <summary>The rewritten text; the same object where nothing changes. The argument is left as it was.</summary>
    AlignedText Normalize(AlignedText text);
}
