namespace CircuitLasso;

/// <summary>A place in the model whose activations, or whose features, a store holds. Immutable.</summary>
public sealed record StoreSite
{
    /// <summary>The site's name, such as <c>resid_post.3</c> or <c>attn_z.2</c>; unique in a store.</summary>
    public required string Name { get; init; }

    /// <summary>How its rows are stored.</summary>
    public required StoreSiteKind Kind { get; init; }

    /// <summary>Numbers in a row: coordinates of a dense site, features of a sparse one. At least 1.</summary>
    public required int Width { get; init; }

    /// <summary>For a site of attention heads (<c>attn_z.L</c>): how many heads share the width, each taking <c>Width / Heads</c> of it; otherwise null.</summary>
    public int? Heads { get; init; }

    /// <summary>For features of a transcoder: the site whose activations were encoded, where <see cref="Name"/> is that which its decoder writes; otherwise null.</summary>
    public string? Reads { get; init; }
}
