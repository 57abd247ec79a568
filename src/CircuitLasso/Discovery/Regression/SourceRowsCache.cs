namespace CircuitLasso;

/// <summary>
/// The scaled and centred rows of every source for one norm, made once for all readers behind it: the readers of a place share theirs, and without norms all readers do.
/// Owns the rows, as much memory as the contributions themselves. Different sources may be asked for by several threads at once.
/// </summary>
/// <param name="contributions">The contributions.</param>
internal sealed class SourceRowsCache(ComponentContributions contributions) : IDisposable
{
    private readonly SourceRows?[] _rows = new SourceRows?[contributions.Graph.Nodes.Count - 1];
    private ReaderScale? _scale;

    /// <summary>A source's rows for the norm of the last <see cref="MoveTo"/>.</summary>
    /// <param name="source">The source.</param>
    public SourceRows this[int source] => _rows[source] ??= new SourceRows(contributions, source, _scale);

    /// <summary>Whether rows are as they were written, but centred.</summary>
    public bool IsUnscaled => _scale?.Factors is null;

    /// <summary>Goes on to a reader; rows of another norm end. Not while rows are in use.</summary>
    /// <param name="scale">The reader's norm; null for rows as they were written.</param>
    public void MoveTo(ReaderScale? scale)
    {
        if (ReferenceEquals(scale, _scale) || (IsUnscaled && scale?.Factors is null))
        {
            return;
        }

        Dispose();
        _scale = scale;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SourceRows? rows in _rows)
        {
            rows?.Dispose();
        }

        Array.Clear(_rows);
    }
}
