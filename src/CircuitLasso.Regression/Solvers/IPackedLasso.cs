namespace CircuitLasso.Regression;

/// <summary>The Lasso on a working set, whatever the type of its numbers; see <see cref="PackedLasso{T}"/>.</summary>
internal interface IPackedLasso
{
    /// <summary>The coefficients.</summary>
    ReadOnlySpan<double> Weights { get; }

    /// <summary>The design's columns, in the order they were added.</summary>
    ReadOnlySpan<int> Columns { get; }

    void Clear();

    /// <summary>Adds a column with coefficient zero: its product with the target, its correlation with the residual, the factor of its penalty and its row of G up to itself.</summary>
    void Add(int column, double product, double correlation, double factor, ReadOnlySpan<float> row, double square);

    /// <summary>Copies the rows of G from one on into its columns.</summary>
    void Mirror(int first);

    /// <summary>Takes q from the vector over all columns.</summary>
    void Refresh(ReadOnlySpan<double> q);

    /// <summary>Passes, at least one, until the gap over the working set alone is within the tolerance, or the passes are used up; returns their number.</summary>
    int Minimise(double nullLoss, double lambda, double tolerance, int maximumPasses);

    /// <summary>Passes until no coordinate violates its optimality condition by more than a hundredth of the largest violation now, for a q that G alone does not explain.</summary>
    int Refine(double lambda, int maximumPasses);

    /// <summary>The coefficients that are not zero, by ascending column.</summary>
    SparseVector ToVector();
}
