namespace CircuitLasso.Regression;

/// <summary>Reads the columns of X'X for one thread, wherever they come from.</summary>
internal abstract class GramReader(int columns, ReadOnlyMemory<double> offsets) : IDisposable
{
    /// <summary>Whole columns that may be held at once: one given out is good until so many others have been asked for, a compressed one until the next.</summary>
    protected const int Held = 4;

    // Columns that are fetched while others are worked on.
    private const int Ahead = 4;

    /// <summary>Frees the columns that are held.</summary>
    public abstract void Dispose();

    /// <summary>q -= G w over some ranges of indices; elsewhere q holds anything afterwards.</summary>
    public void Subtract(ReadOnlySpan<int> at, ReadOnlySpan<double> weights, ReadOnlySpan<ColumnRange> ranges, Span<double> q)
    {
        ReadOnlySpan<double> means = offsets.Span;
        double offset = 0;
        ReadOnlySpan<float> first = default, second = default, third = default;
        double firstWeight = 0, secondWeight = 0, thirdWeight = 0;
        int count = 0;
        for (int i = 0; i < at.Length; i++)
        {
            if (weights[i] == 0)
            {
                continue;
            }

            if (i + Ahead < at.Length && weights[i + Ahead] != 0 && ranges.Length > 0)
            {
                Fetch(at[i + Ahead], ranges[0].Start);
            }

            offset += means.Length > 0 ? weights[i] * means[at[i]] : 0;
            DesignColumn column = Column(at[i]);
            if (!column.IsWhole)
            {
                column.AddScaledTo(-weights[i], q);
                continue;
            }

            // Whole columns four at a time, so that q is read and written once for the four.
            switch (count++)
            {
                case 0:
                    first = column.Values;
                    firstWeight = -weights[i];
                    break;
                case 1:
                    second = column.Values;
                    secondWeight = -weights[i];
                    break;
                case 2:
                    third = column.Values;
                    thirdWeight = -weights[i];
                    break;
                default:
                    foreach (ColumnRange range in ranges)
                    {
                        VectorLoops.AddScaled(
                            firstWeight, first.Slice(range.Start, range.Length), secondWeight, second.Slice(range.Start, range.Length), thirdWeight, third.Slice(range.Start, range.Length), -weights[i], column.Values.Slice(range.Start, range.Length), q.Slice(range.Start, range.Length));
                    }

                    count = 0;
                    break;
            }
        }

        foreach (ColumnRange range in ranges)
        {
            Span<double> part = q.Slice(range.Start, range.Length);
            if (count > 0)
            {
                VectorLoops.AddScaled(firstWeight, first.Slice(range.Start, range.Length), part);
            }

            if (count > 1)
            {
                VectorLoops.AddScaled(secondWeight, second.Slice(range.Start, range.Length), part);
            }

            if (count > 2)
            {
                VectorLoops.AddScaled(thirdWeight, third.Slice(range.Start, range.Length), part);
            }

            if (offset != 0)
            {
                VectorLoops.AddScaled(offset, means.Slice(range.Start, range.Length), part);
            }
        }
    }

    /// <summary>The entries of a column at some indices; <paramref name="places"/> holds for each of these its number from 1, for others 0.</summary>
    public void Gather(int column, ReadOnlySpan<int> at, ReadOnlySpan<int> places, Span<float> entries)
    {
        // Looking up an entry among n takes about as long as passing over eight of them.
        const int Lookup = 8;
        DesignColumn found = Column(column);
        if (found.IsWhole)
        {
            for (int i = 0; i < at.Length; i++)
            {
                entries[i] = found.Values[at[i]];
            }
        }
        else if (at.Length < found.Rows.Length / Lookup)
        {
            for (int i = 0; i < at.Length; i++)
            {
                int place = found.Rows.BinarySearch(at[i]);
                entries[i] = place < 0 ? 0 : found.Values[place];
            }
        }
        else
        {
            entries.Clear();
            for (int i = 0; i < found.Rows.Length; i++)
            {
                int place = places[found.Rows[i]];
                if (place > 0)
                {
                    entries[place - 1] = found.Values[i];
                }
            }
        }

        ReadOnlySpan<double> means = offsets.Span;
        for (int i = 0; i < at.Length && means.Length > 0; i++)
        {
            entries[i] = (float)(entries[i] - (means[column] * means[at[i]]));
        }
    }

    /// <summary>Has a column brought nearer that is about to be read from an index on.</summary>
    public abstract void Fetch(int column, int start = 0);

    /// <summary>A column as it is kept, its offsets not taken off.</summary>
    protected abstract DesignColumn Column(int column);

    /// <summary>Number of columns.</summary>
    protected int Columns => columns;

    /// <summary>Has a column brought nearer.</summary>
    protected static void Fetch(DesignColumn column, int start)
    {
        if (column.IsWhole)
        {
            Numerics.Prefetch.Read(column.Values[start..]);
        }
    }
}
