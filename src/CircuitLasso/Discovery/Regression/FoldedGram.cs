using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>X'X of a design X, of all rows and of each fold's, in double precision. Owns its memory; immutable.</summary>
internal sealed class FoldedGram : IDisposable
{
    private readonly NativeBuffer<double>[] _folds;
    private readonly NativeBuffer<double> _all;

    /// <summary>Sums the products.</summary>
    /// <param name="x">Rows x columns, row-major.</param>
    /// <param name="columns">Columns of X.</param>
    /// <param name="foldStart">The first row of each fold, and the number of rows.</param>
    public FoldedGram(ReadOnlySpan<float> x, int columns, int[] foldStart)
    {
        Columns = columns;
        int length = checked(columns * columns);
        _all = new NativeBuffer<double>(length);
        _folds = new NativeBuffer<double>[foldStart.Length - 1];
        for (int fold = 0; fold < _folds.Length; fold++)
        {
            int rows = foldStart[fold + 1] - foldStart[fold];
            _folds[fold] = new NativeBuffer<double>(length);
            SymmetricProduct.RankK(rows, columns, 1, x.Slice(foldStart[fold] * columns, rows * columns), columns, 0, _folds[fold].Span, columns);
            System.Numerics.Tensors.TensorPrimitives.Add(_all.Span, _folds[fold].Span, _all.Span);
        }

        MeanDiagonal = MeanOfDiagonal(_all.Span, columns, columns);
    }

    /// <summary>Columns of X.</summary>
    public int Columns { get; }

    /// <summary>Number of folds.</summary>
    public int Folds => _folds.Length;

    /// <summary>The mean of the diagonal of <see cref="All"/>: the unit of a ridge penalty.</summary>
    public double MeanDiagonal { get; }

    /// <summary>X'X of all rows, columns x columns.</summary>
    public ReadOnlySpan<double> All => _all.Span;

    /// <summary>X'X of a fold's rows.</summary>
    public ReadOnlySpan<double> Fold(int fold) => _folds[fold].Span;

    /// <summary>The mean of the first entries of a square matrix's diagonal.</summary>
    public static double MeanOfDiagonal(ReadOnlySpan<double> matrix, int columns, int leading)
    {
        double sum = 0;
        for (int i = 0; i < leading; i++)
        {
            sum += matrix[(i * columns) + i];
        }

        return sum / leading;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _all.Dispose();
        foreach (NativeBuffer<double> fold in _folds)
        {
            fold.Dispose();
        }
    }
}
