using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// One component's coordinates as the norm of some reader scales them, centred slot by slot. They are centred before they are scaled too: what a component always
/// writes is not its own when the scale varies, so a constant component carries nothing. Owns its memory; immutable.
/// </summary>
internal sealed class SourceRows : IDisposable
{
    private readonly ComponentContributions _contributions;
    private readonly NativeBuffer<float> _values;

    /// <summary>Scales and centres.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="node">The component.</param>
    /// <param name="scale">The reader's norm, whose removal of row means is left to <see cref="ReaderScale.Project"/>; null for none.</param>
    public SourceRows(ComponentContributions contributions, int node, ReaderScale? scale)
    {
        _contributions = contributions;
        Node = node;
        Columns = contributions.CoordinateWidth(node);
        _values = new NativeBuffer<float>((nint)Layout.Rows * Columns, zeroed: false);
        Span<float> values = _values.Span;
        contributions.Coordinates(node).CopyTo(values);
        Layout.Centre(values, Columns);
        if (scale?.Factors is not { } factors)
        {
            return;
        }

        for (int row = 0; row < factors.Length; row++)
        {
            Span<float> own = values.Slice(row * Columns, Columns);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, factors[row], own);
        }

        Layout.Centre(values, Columns);
    }

    /// <summary>The component in the graph.</summary>
    public int Node { get; }

    /// <summary>Number of coordinates.</summary>
    public int Columns { get; }

    /// <summary>Which row is which.</summary>
    public SampleLayout Layout => _contributions.Layout;

    /// <summary>Rows x columns.</summary>
    public ReadOnlySpan<float> Values => _values.Span;

    /// <summary>Whether the coordinates are others than those of the residual stream.</summary>
    public bool HasBasis => _contributions.Basis(Node).Length > 0;

    /// <summary>basis M, block by block: a matrix that takes residual vectors, as one that takes this component's coordinates.</summary>
    /// <param name="matrix">Some blocks of width x columns, row-major.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="columns">Number of columns.</param>
    public double[] InCoordinates(ReadOnlySpan<double> matrix, int blocks, int columns) => InCoordinates(_contributions, Node, matrix, blocks, columns);

    /// <inheritdoc cref="InCoordinates(ReadOnlySpan{double}, int, int)"/>
    public static double[] InCoordinates(ComponentContributions contributions, int node, ReadOnlySpan<double> matrix, int blocks, int columns)
    {
        ReadOnlySpan<float> basis = contributions.Basis(node);
        if (basis.Length == 0)
        {
            return matrix.ToArray();
        }

        int width = contributions.Width;
        int inner = contributions.CoordinateWidth(node);
        double[] left = new double[basis.Length];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(basis, left);
        double[] product = new double[checked(blocks * inner * columns)];
        for (int block = 0; block < blocks; block++)
        {
            MatrixProduct.Gemm(
                false, false, inner, columns, width, 1.0, left, width, matrix.Slice(block * width * columns, width * columns), columns, 0.0, product.AsSpan(block * inner * columns), columns);
        }

        return product;
    }

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();
}
