namespace CircuitLasso;

/// <summary>A node with its place in a picture.</summary>
/// <param name="Node">The node.</param>
/// <param name="Text">What is written in it; null for a component outside the circuit, which is drawn as a dot.</param>
/// <param name="X">Centre, in pixels from the left.</param>
/// <param name="Y">Centre, in pixels from the top.</param>
/// <param name="Width">Width in pixels.</param>
internal sealed record PlacedNode(CircuitNode Node, string? Text, double X, double Y, double Width)
{
    /// <summary>Height in pixels.</summary>
    internal double Height => Text is null ? Width : PictureLayout.NodeHeight;
}
