namespace CircuitLasso;

/// <summary>A horizontal band of a picture: a layer, a site, the input or the target.</summary>
/// <param name="Label">What is written at its left; may be empty.</param>
/// <param name="Top">Pixels from the top.</param>
/// <param name="Height">Pixels.</param>
internal sealed record PictureBand(string Label, double Top, double Height);
