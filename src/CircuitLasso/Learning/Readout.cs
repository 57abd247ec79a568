namespace CircuitLasso;

/// <summary>A linear map from the design's columns to what the circuit explains.</summary>
/// <param name="Outputs">k, the numbers that it gives per row: 1 for a number or two classes, one a class for more, the width of the block where the target is a block.</param>
/// <param name="Coefficients">columns x k, row-major, in the units of the columns.</param>
/// <param name="Variation">Sum of squares over rows of what it explains (the fitted scores' own for classes), centred.</param>
/// <param name="Unexplained">Sum of squares of what is left; 0 for the scores of classes.</param>
internal sealed record Readout(int Outputs, double[] Coefficients, double Variation, double Unexplained)
{
    /// <summary>Whether it reads a column at all.</summary>
    public bool Reads(int column) => Coefficients.AsSpan(column * Outputs, Outputs).ContainsAnyExcept(0.0);
}
