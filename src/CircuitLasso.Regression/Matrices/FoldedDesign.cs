using System.Numerics.Tensors;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// A design whose rows are dealt out to folds, for solutions on unions of folds: half-samples of stability selection, complements of
/// cross-validation. Of a design of plain numbers X'X of each fold is summed once in float64, and that of a union is their sum in ascending
/// order of the folds. A sparse design keeps nothing: its sums over the rows of a union cost no more than adding up the sums of folds, which
/// seldom have entries in common.
/// </summary>
/// <remarks>Holds folds x columns x columns x 8 bytes for plain numbers, and the design, which it does not own. Immutable; safe for several threads.</remarks>
public sealed class FoldedDesign : IDisposable
{
    private readonly SharedDesign _design;
    private readonly int[] _foldOfRow;
    private readonly List<NativeBuffer<double>> _products = [];

    /// <summary>Deals out the rows and, for plain numbers, sums the folds.</summary>
    /// <param name="design">The design; it must outlive this one.</param>
    /// <param name="foldOfRow">The fold of each row, from 0; none may be without rows.</param>
    /// <param name="maximumBytes">What the sums of the folds may take; where they would take more, each union is summed over its rows.</param>
    /// <param name="progress">Told of folds summed, or null.</param>
    /// <param name="cancellationToken">Stops between products.</param>
    /// <exception cref="ArgumentException">There is not one fold for each row, one is negative, or one below the last has no rows.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public FoldedDesign(
        SharedDesign design, ReadOnlySpan<int> foldOfRow, long maximumBytes = long.MaxValue, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(design);
        if (foldOfRow.Length != design.Rows)
        {
            throw new ArgumentException($"there are {foldOfRow.Length} folds of rows and {design.Rows} rows", nameof(foldOfRow));
        }

        int[] distinct = [.. foldOfRow.ToArray().Distinct().Order()];
        if (distinct[0] != 0 || distinct[^1] != distinct.Length - 1)
        {
            throw new ArgumentException("the folds are not numbered from 0 without gaps", nameof(foldOfRow));
        }

        _design = design;
        _foldOfRow = foldOfRow.ToArray();
        Folds = distinct.Length;
        if (design is ColumnMajorDesign dense && (Int128)Folds * 8 * dense.Columns * dense.Columns <= maximumBytes && (long)dense.Columns * dense.Columns <= Array.MaxLength)
        {
            SumFolds(dense, progress, cancellationToken);
        }
    }

    /// <summary>Number of folds.</summary>
    public int Folds { get; }

    /// <summary>Bytes of the sums that are kept.</summary>
    public long Bytes => _products.Sum(static products => 8L * products.Length);

    /// <summary>The design of the rows of some folds, in their old order; its Gram matrix is that of these rows. Dispose of it before this one.</summary>
    /// <param name="folds">The folds, at least one, in any order.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such fold, or none is given.</exception>
    public SharedDesign Select(params ReadOnlySpan<int> folds)
    {
        int[] rows = Rows(folds);
        if (_products.Count == 0)
        {
            return _design.SelectRows(rows);
        }

        int[] kept = [.. folds.ToArray().Distinct().Order()];
        return ((ColumnMajorDesign)_design).SelectRows(rows, () => Merge(kept));
    }

    /// <summary>Targets on the rows of some folds, as <see cref="Select(ReadOnlySpan{int})"/> has them.</summary>
    /// <param name="targets">Targets on all rows.</param>
    /// <param name="folds">The folds, at least one, in any order.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such fold, or none is given.</exception>
    /// <exception cref="ArgumentException">The targets have another number of rows.</exception>
    public CompressedColumns<float> Select(CompressedColumns<float> targets, params ReadOnlySpan<int> folds)
    {
        ArgumentNullException.ThrowIfNull(targets);
        return targets.RowCount == _foldOfRow.Length
            ? targets.SelectRows(Rows(folds))
            : throw new ArgumentException($"the targets have {targets.RowCount} rows and the design {_foldOfRow.Length}", nameof(targets));
    }

    /// <inheritdoc/>
    public void Dispose() => _products.ForEach(static products => products.Dispose());

    private int[] Rows(ReadOnlySpan<int> folds)
    {
        ArgumentOutOfRangeException.ThrowIfZero(folds.Length, nameof(folds));
        bool[] isKept = new bool[Folds];
        foreach (int fold in folds)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(fold, nameof(folds));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fold, Folds, nameof(folds));
            isKept[fold] = true;
        }

        return [.. Enumerable.Range(0, _foldOfRow.Length).Where(row => isKept[_foldOfRow[row]])];
    }

    private void SumFolds(ColumnMajorDesign design, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            for (int fold = 0; fold < Folds; fold++)
            {
                using ColumnMajorDesign part = design.SelectRows(Rows([fold]));
                _products.Add(part.ComputeProducts(null, cancellationToken));
                progress?.Report(new WorkProgress("Gram matrices", fold + 1, Folds, "folds"));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private NativeBuffer<double> Merge(int[] folds)
    {
        NativeBuffer<double> sums = new((nint)_design.Columns * _design.Columns);
        foreach (int fold in folds)
        {
            TensorPrimitives.Add(sums.Span, _products[fold].Span, sums.Span);
        }

        return sums;
    }
}
