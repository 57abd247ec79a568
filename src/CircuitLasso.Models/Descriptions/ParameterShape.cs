namespace CircuitLasso.Models;

/// <summary>A parameter and its shape; matrices are [outputs, inputs].</summary>
/// <param name="Key">The parameter.</param>
/// <param name="Shape">Its dimensions.</param>
public sealed record ParameterShape(ParameterKey Key, int[] Shape);
