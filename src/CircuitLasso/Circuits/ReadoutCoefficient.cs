namespace CircuitLasso;

/// <summary>One coefficient of a <see cref="CircuitReadout"/> that is not zero.</summary>
/// <param name="Site">The site, such as <c>resid_post.5</c>.</param>
/// <param name="IsError">Whether it reads a coordinate of what the site's autoencoder leaves out; otherwise a feature.</param>
/// <param name="Index">The feature, or the error's coordinate, from 0.</param>
/// <param name="Output">The output, from 0.</param>
/// <param name="Value">The coefficient, in the units of features and errors as a store has them.</param>
/// <param name="Position">The token's place in its text that is read, from 0; null where positions were pooled, or each was a row of its own.</param>
public readonly record struct ReadoutCoefficient(string Site, bool IsError, int Index, int Output, double Value, int? Position = null);
