namespace CircuitLasso;

/// <summary>Where an edge runs in a picture, in pixels.</summary>
/// <param name="Edge">The edge.</param>
/// <param name="StartX">Where it leaves its source, on the source's top.</param>
/// <param name="StartY">Where it leaves its source.</param>
/// <param name="EndX">Where it reaches its target, at the target's bottom.</param>
/// <param name="EndY">Where it reaches its target.</param>
/// <param name="Bend">How far its middle is bent sideways.</param>
internal sealed record PictureEdge(CircuitEdge Edge, double StartX, double StartY, double EndX, double EndY, double Bend);
