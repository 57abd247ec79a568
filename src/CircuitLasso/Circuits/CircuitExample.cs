namespace CircuitLasso;

/// <summary>A text on which a node is strong. Immutable.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Text">The text, or the part of it around the token on which the node is strongest.</param>
/// <param name="Value">The node's activation on it: that of the strongest token, or of the pooled text.</param>
public sealed record CircuitExample(string Node, string Text, double Value)
{
    /// <summary>The tokens of the text with the node's activation on each; empty where only the text as a whole is known.</summary>
    public IReadOnlyList<ExampleToken> Tokens { get; init; } = [];

    /// <summary>Whether both say the same, token by token.</summary>
    /// <param name="other">The other example.</param>
    public bool Equals(CircuitExample? other) =>
        other is not null && Node == other.Node && Text == other.Text && Value.Equals(other.Value) && Tokens.SequenceEqual(other.Tokens);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Node, Text, Value, Tokens.Count);
}
