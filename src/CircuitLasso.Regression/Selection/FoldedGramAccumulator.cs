using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Builds the statistics of every fold in one pass over rows that stream by in order. Not safe for use by several threads at once.</summary>
public sealed class FoldedGramAccumulator : IDisposable
{
    private readonly GramAccumulator[] _folds;
    private readonly FoldAssignment _assignment;
    private readonly int _columns;
    private readonly string _subject;

    /// <summary>Starts with no rows.</summary>
    /// <param name="columns">Number of columns, at least one.</param>
    /// <param name="assignment">Which row goes to which fold.</param>
    /// <param name="subject">What the rows are called in errors.</param>
    public FoldedGramAccumulator(int columns, FoldAssignment assignment, string subject = "design")
    {
        _assignment = assignment;
        _columns = columns;
        _subject = subject;
        _folds = [.. Enumerable.Range(0, assignment.Folds).Select(_ => new GramAccumulator(columns, 0, subject))];
    }

    /// <summary>Rows added so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Adds rows, row-major.</summary>
    /// <param name="rows">A whole number of rows.</param>
    /// <exception cref="InputException">A value is NaN or infinite; the message names its row and column, both from 0.</exception>
    /// <exception cref="ArgumentException">The length is not a multiple of the number of columns.</exception>
    public void Add(ReadOnlySpan<float> rows)
    {
        CheckWhole(rows.Length);
        for (; rows.Length > 0; rows = rows[_columns..])
        {
            ReadOnlySpan<float> row = rows[.._columns];
            for (int j = 0; j < row.Length; j++)
            {
                CheckFinite(row[j], j);
            }

            _folds[_assignment.FoldOf(Rows++)].Add(row);
        }
    }

    /// <inheritdoc cref="Add(ReadOnlySpan{float})"/>
    public void Add(ReadOnlySpan<double> rows)
    {
        CheckWhole(rows.Length);
        for (; rows.Length > 0; rows = rows[_columns..])
        {
            ReadOnlySpan<double> row = rows[.._columns];
            for (int j = 0; j < row.Length; j++)
            {
                CheckFinite(row[j], j);
            }

            _folds[_assignment.FoldOf(Rows++)].Add(row);
        }
    }

    /// <summary>Hands out the statistics. Nothing can be added afterwards.</summary>
    /// <exception cref="InputException">A fold has no rows.</exception>
    public FoldedGramStatistics Finish()
    {
        int empty = Array.FindIndex(_folds, fold => fold.Rows == 0);
        if (empty >= 0)
        {
            throw new InputException(_subject, $"its {Rows} rows leave fold {empty} of {_folds.Length} empty", "give more rows, or use fewer folds or shorter runs");
        }

        return new FoldedGramStatistics([.. _folds.Select(fold => fold.Finish())]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GramAccumulator fold in _folds)
        {
            fold.Dispose();
        }
    }

    private void CheckWhole(int length)
    {
        if (length % _columns != 0)
        {
            throw new ArgumentException($"{length} values are not whole rows of {_columns}", nameof(length));
        }
    }

    // The fold's accumulator would name the row within the fold; the user knows the row of the file.
    private void CheckFinite(double value, int column)
    {
        if (!double.IsFinite(value))
        {
            throw new InputException(_subject, $"row {Rows}, column {column} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}", "remove or repair that row");
        }
    }
}
