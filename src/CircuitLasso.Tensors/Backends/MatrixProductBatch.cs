namespace CircuitLasso.Tensors;

/// <summary>
/// C := Alpha op(A) op(B) + Beta C for every batch row, group and member. Where C's member stride is zero the products of all members of a group
/// are summed into one C, in the order of the members.
/// </summary>
/// <param name="Rows">Rows of C.</param>
/// <param name="Columns">Columns of C.</param>
/// <param name="Inner">The inner dimension.</param>
/// <param name="A">Where the matrices A lie.</param>
/// <param name="B">Where the matrices B lie.</param>
/// <param name="C">Where the matrices C lie.</param>
public readonly record struct MatrixProductBatch(int Rows, int Columns, int Inner, MatrixStrides A, MatrixStrides B, MatrixStrides C)
{
    /// <summary>Whether op(A) is the transpose of the stored A.</summary>
    public bool TransposeA { get; init; }

    /// <summary>Whether op(B) is the transpose of the stored B.</summary>
    public bool TransposeB { get; init; }

    /// <summary>Factor of the products; 1 unless set.</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>Factor of what C holds; when it is zero, C is not read.</summary>
    public float Beta { get; init; }

    /// <summary>Number of batch rows; 1 unless set.</summary>
    public int Batches { get; init; } = 1;

    /// <summary>Number of groups in a batch row; 1 unless set.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Number of members of a group; 1 unless set.</summary>
    public int Members { get; init; } = 1;
}
