namespace CircuitLasso.Regression;

/// <summary>The statistics of every fold and of all rows: what cross-validation needs, from one pass over the data. Owns them all.</summary>
public sealed class FoldedGramStatistics : IDisposable
{
    private readonly GramStatistics[] _folds;

    internal FoldedGramStatistics(GramStatistics[] folds)
    {
        _folds = folds;
        All = Union([.. Enumerable.Range(0, folds.Length)]);
    }

    /// <summary>All rows: the folds merged in their order.</summary>
    public GramStatistics All { get; }

    /// <summary>Number of folds.</summary>
    public int Folds => _folds.Length;

    /// <summary>The rows of one fold.</summary>
    /// <param name="fold">The fold, from 0.</param>
    public GramStatistics Fold(int fold) => _folds[fold];

    /// <summary>All rows but those of one fold; the caller disposes of it.</summary>
    /// <param name="fold">The fold, from 0.</param>
    public GramStatistics Without(int fold) => All.Subtract(_folds[fold]);

    /// <summary>The rows of some folds, two at least, merged in the order they are named; the caller disposes of it.</summary>
    internal GramStatistics Union(ReadOnlySpan<int> folds)
    {
        GramStatistics union = GramStatistics.Merge(_folds[folds[0]], _folds[folds[1]]);
        foreach (int fold in folds[2..])
        {
            union.MergeUpper(_folds[fold]);
        }

        union.Mirror();
        return union;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        All.Dispose();
        foreach (GramStatistics fold in _folds)
        {
            fold.Dispose();
        }
    }
}
