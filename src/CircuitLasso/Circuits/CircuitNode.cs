namespace CircuitLasso;

/// <summary>One node of a <see cref="Circuit"/>. Immutable.</summary>
/// <param name="Name">
/// Unique in its circuit: <c>input</c>, <c>a2.h1</c>, <c>m3</c>, <c>logits</c>, a site and a feature (<c>resid_post.5/3036</c>), <c>y</c>,
/// or the name of a block of the user's own. 1 to 1,024 characters, no control characters.
/// </param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Place">Its place in the order of computation, at least 0. Edges go from a smaller place to a larger one; nodes that share a place cannot read each other.</param>
public sealed record CircuitNode(string Name, CircuitNodeKind Kind, int Place)
{
    /// <summary>The layer of the model, from 0; null where there is none.</summary>
    public int? Layer { get; init; }

    /// <summary>The share of the target's variation that passes through this node (0 when not known).</summary>
    public double Relevance { get; init; }

    /// <summary>The share of this node's own variation that its sources explain; null where nothing was fitted.</summary>
    public double? Explained { get; init; }

    /// <summary>A few words on what the node does, for people; null where nobody has said.</summary>
    public string? Label { get; init; }
}
