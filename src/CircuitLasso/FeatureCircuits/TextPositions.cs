using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Which rows of a store are the tokens of which text: its rows at each position become columns side by side. Immutable.</summary>
internal sealed class TextPositions
{
    private const int RowsAtOnce = 1 << 16;
    private readonly int[] _starts;

    private TextPositions(int[] starts)
    {
        _starts = starts;
        Positions = Enumerable.Range(0, Count).Max(text => starts[text + 1] - starts[text]);
        AreEven = Enumerable.Range(0, Count).All(text => starts[text + 1] - starts[text] == Positions);
    }

    /// <summary>Number of texts.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Tokens of the longest text.</summary>
    public int Positions { get; }

    /// <summary>Whether all texts have as many tokens.</summary>
    public bool AreEven { get; }

    /// <summary>The first row of a text.</summary>
    public int FirstRow(int text) => _starts[text];

    /// <summary>The row after a text's last.</summary>
    public int EndRow(int text) => _starts[text + 1];

    /// <summary>Reads the texts of a store.</summary>
    /// <param name="store">The store.</param>
    /// <exception cref="InputException">It does not have a row for every token of each of its texts.</exception>
    public static TextPositions Of(ActivationStoreReader store)
    {
        if (store.Manifest.Pooling != Pooling.None)
        {
            throw new InputException(store.Folder, "has a row for every text, and its positions cannot be kept apart any more", "collect with --pool none");
        }

        List<int> starts = [];
        StoreRow[] rows = new StoreRow[Math.Min(RowsAtOnce, store.RowCount)];
        int before = -1, next = 0;
        for (int first = 0; first < store.RowCount; first += rows.Length)
        {
            Span<StoreRow> some = rows.AsSpan(0, (int)Math.Min(rows.Length, store.RowCount - first));
            store.ReadRowDescriptions(first, some);
            for (int i = 0; i < some.Length; i++)
            {
                StoreRow row = some[i];
                if (row.Text != before)
                {
                    (before, next) = (row.Text, 0);
                    starts.Add(first + i);
                }

                if (row.Position != next++)
                {
                    throw new InputException(store.Folder, $"text {row.Text} lacks the row of a token before position {row.Position}", "store every token of a text, in order, or learn without --positions");
                }
            }
        }

        return new TextPositions([.. starts, (int)store.RowCount]);
    }

    /// <summary>From a matrix with a row for every token to one with a row for every text: the columns of each position, one position after another.</summary>
    /// <param name="tokens">Columns x tokens: the entries of each token.</param>
    public CompressedColumns<float> Fold(CompressedColumns<float> tokens)
    {
        if ((long)tokens.RowCount * Positions > Array.MaxLength)
        {
            throw new InputException("--positions", $"{Positions} positions of {tokens.RowCount} columns are more columns than a matrix may have", "give shorter texts or fewer sites");
        }

        long[] starts = new long[Count + 1];
        int[] columns = tokens.RowIndices.ToArray();
        for (int text = 0; text < Count; text++)
        {
            for (int row = _starts[text]; row < _starts[text + 1]; row++)
            {
                int shift = (row - _starts[text]) * tokens.RowCount;
                for (long at = tokens.ColumnStarts[row]; at < tokens.ColumnStarts[row + 1]; at++)
                {
                    columns[at] += shift;
                }
            }

            starts[text + 1] = tokens.ColumnStarts[_starts[text + 1]];
        }

        return new CompressedColumns<float>(tokens.RowCount * Positions, starts, columns, tokens.Values.ToArray());
    }
}
