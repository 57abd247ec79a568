namespace CircuitLasso.Models;

/// <summary>Which pieces a Metaspace puts a space before.</summary>
internal enum PrependScheme
{
    /// <summary>Each.</summary>
    Always,

    /// <summary>None.</summary>
    Never,

    /// <summary>The one that the text begins with.</summary>
    First,
}
