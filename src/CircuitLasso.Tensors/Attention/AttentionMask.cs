namespace CircuitLasso.Tensors;

/// <summary>Which keys a query may look at. The queries are the last ones: query i of q stands at key position i + keys - q.</summary>
public sealed class AttentionMask
{
    /// <summary>Everything is visible.</summary>
    public static AttentionMask None { get; } = new();

    /// <summary>Whether keys after the query's own position are hidden.</summary>
    public bool Causal { get; init; }

    /// <summary>
    /// The number of valid key positions of every batch row, where the rest is right padding; null where all are valid. Padded keys are hidden, and
    /// padded queries see nothing.
    /// </summary>
    public IReadOnlyList<int>? Lengths { get; init; }

    /// <summary>The number of latest positions that a query sees, its own included; null for all. With a window later keys are hidden too.</summary>
    public int? Window { get; init; }

    /// <summary>The visible keys of one query, as a range.</summary>
    internal (int Start, int End) Visible(int batchRow, int query, int queries, int keys)
    {
        int position = query + keys - queries;
        int valid = Lengths is null ? keys : Lengths[batchRow];
        if (position >= valid)
        {
            return (0, 0);
        }

        int end = Causal || Window is not null ? Math.Min(valid, position + 1) : valid;
        int start = Window is { } window ? Math.Max(0, position + 1 - window) : 0;
        return (Math.Min(start, end), end);
    }

    internal void Check(int batch, int queries, int keys)
    {
        if (Lengths is not null && (Lengths.Count != batch || Lengths.Any(length => length < 0 || length > keys)))
        {
            throw new ArgumentException($"The mask needs one length of 0 .. {keys} for each of {batch} batch rows.", nameof(batch));
        }

        if (Window is < 1)
        {
            throw new ArgumentException($"A window of {Window} positions shows nothing; it needs at least 1.", nameof(batch));
        }

        if (queries > keys && (Causal || Window is not null || Lengths is not null))
        {
            throw new ArgumentException($"A mask needs at least as many keys ({keys}) as queries ({queries}): the queries are the last positions.", nameof(queries));
        }
    }
}
