namespace CircuitLasso.Models;

/// <summary>How a file lays out a matrix of the encoder or decoder.</summary>
internal enum MatrixOrder
{
    /// <summary>One row for each feature.</summary>
    FeatureRows,

    /// <summary>One column for each feature.</summary>
    FeatureColumns,
}
