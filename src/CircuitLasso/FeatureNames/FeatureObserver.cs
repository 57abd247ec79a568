using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Looks at some features in one pass over a store. Memory: a block of rows, one text, and the texts that are kept. Rows are taken in order on the calling thread,
/// so that the result does not depend on the number of threads.
/// </summary>
internal sealed class FeatureObserver
{
    private const int RowsAtOnce = 4096;
    private const int ValuesAtOnce = 1 << 22;

    // Tokens shown before and after the strongest one.
    private const int Before = 20;
    private const int After = 8;

    private readonly ActivationStoreReader _store;
    private readonly FeatureObservation[] _observations;
    private readonly (string Site, Dictionary<int, int> Slots)[] _sites;
    private readonly List<(int Row, int Slot, float Value)> _hits = [];
    private readonly List<int> _textTokens = [];
    private readonly List<(int Slot, int Position, float Value)> _textHits = [];
    private readonly bool _isPooled;
    private long[] _ends = [];
    private int[] _indices = [];
    private float[] _values = [];
    private int _text = -1;

    private FeatureObserver(ActivationStoreReader store, IEnumerable<FeatureName> features, int most)
    {
        _store = store;
        _isPooled = store.Manifest.Pooling != Pooling.None;
        _observations = [.. features.Select(feature => new FeatureObservation(feature, most))];
        _sites = [.. _observations.Select((observation, slot) => (observation.Name, Slot: slot)).GroupBy(pair => pair.Name.Site)
            .Select(group => (group.Key, group.ToDictionary(pair => pair.Name.Index, pair => pair.Slot)))];
        foreach (FeatureObservation observation in _observations)
        {
            StoreSite site = store.Site(observation.Name.Site);
            if (site.Kind != StoreSiteKind.Sparse || observation.Name.Index >= site.Width)
            {
                throw new InputException(
                    store.Folder,
                    site.Kind != StoreSiteKind.Sparse ? $"site {site.Name} holds activations and no features" : $"site {site.Name} has {site.Width} features and none that is called {observation.Name}",
                    "name the store that the circuit was learnt from, or one collected with the same autoencoders");
            }
        }
    }

    /// <summary>Looks at the features.</summary>
    /// <param name="store">The store.</param>
    /// <param name="features">The features, each once.</param>
    /// <param name="most">How many texts are kept of each.</param>
    /// <param name="progress">Told about rows done.</param>
    /// <param name="cancellation">Stops between blocks of rows.</param>
    /// <returns>One observation for each feature, in their order.</returns>
    /// <exception cref="InputException">The store has no such feature, is damaged, or holds a value that is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal static IReadOnlyList<FeatureObservation> Observe(
        ActivationStoreReader store, IEnumerable<FeatureName> features, int most, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        FeatureObserver observer = new(store, features, most);
        StoreRow[] rows = new StoreRow[Math.Min(RowsAtOnce, store.RowCount)];
        for (long first = 0; first < store.RowCount; first += rows.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<StoreRow> some = rows.AsSpan(0, (int)Math.Min(rows.Length, store.RowCount - first));
            store.ReadRowDescriptions(first, some);
            observer.ReadHits(first, some.Length);
            observer.Take(some);
            progress?.Report(new WorkProgress("reading features", first + some.Length, store.RowCount, "rows"));
        }

        observer.EndText();
        return observer._observations;
    }

    private void ReadHits(long first, int rows)
    {
        _hits.Clear();
        foreach ((string site, Dictionary<int, int> slots) in _sites)
        {
            ReadHits(site, slots, first, 0, rows);
        }

        _hits.Sort(static (x, y) => x.Row != y.Row ? x.Row.CompareTo(y.Row) : x.Slot.CompareTo(y.Slot));
    }

    // Rows of many values are read in halves, so that a dense store takes no more memory than a sparse one.
    private void ReadHits(string site, Dictionary<int, int> slots, long block, int row, int count)
    {
        long values = _store.CountValues(site, block + row, count);
        if (values > ValuesAtOnce && count > 1)
        {
            ReadHits(site, slots, block, row, count / 2);
            ReadHits(site, slots, block, row + (count / 2), count - (count / 2));
            return;
        }

        if (_indices.Length < values)
        {
            (_indices, _values) = (new int[values], new float[values]);
        }

        if (_ends.Length <= count)
        {
            _ends = new long[count + 1];
        }

        _store.ReadSparseRows(site, block + row, count, _ends.AsSpan(0, count + 1), _indices.AsSpan(0, (int)values), _values.AsSpan(0, (int)values));
        for (int i = 0; i < count; i++)
        {
            for (long value = _ends[i]; value < _ends[i + 1]; value++)
            {
                if (slots.TryGetValue(_indices[value], out int slot))
                {
                    Hit(site, row + i, slot, _values[value]);
                }
            }
        }
    }

    private void Hit(string site, int row, int slot, float value)
    {
        if (!float.IsFinite(value))
        {
            throw new InputException(_store.Folder, $"site {site} holds a value that is not finite", "make the store again");
        }

        if (value > 0)
        {
            _hits.Add((row, slot, value));
            _observations[slot].Add(value);
        }
    }

    private void Take(ReadOnlySpan<StoreRow> rows)
    {
        int next = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            if (_isPooled || rows[row].Text != _text)
            {
                EndText();
                _text = rows[row].Text;
            }

            for (; next < _hits.Count && _hits[next].Row == row; next++)
            {
                _textHits.Add((_hits[next].Slot, _textTokens.Count, _hits[next].Value));
            }

            _textTokens.Add(rows[row].Token);
        }
    }

    private void EndText()
    {
        _textHits.Sort(static (x, y) => x.Slot != y.Slot ? x.Slot.CompareTo(y.Slot) : x.Position.CompareTo(y.Position));
        for (int start = 0, end; start < _textHits.Count; start = end)
        {
            int slot = _textHits[start].Slot;
            int peak = start;
            for (end = start; end < _textHits.Count && _textHits[end].Slot == slot; end++)
            {
                peak = _textHits[end].Value > _textHits[peak].Value ? end : peak;
            }

            if (_observations[slot].Wants(_textHits[peak].Value))
            {
                _observations[slot].Offer(Show(start, end, _textHits[peak].Position, _textHits[peak].Value));
            }
        }

        _textHits.Clear();
        _textTokens.Clear();
    }

    private ObservedText Show(int start, int end, int peak, double value)
    {
        if (_isPooled)
        {
            return new ObservedText(_text, value, [], []);
        }

        int first = Math.Max(0, peak - Before);
        int count = Math.Min(_textTokens.Count, peak + After + 1) - first;
        float[] values = new float[count];
        for (int hit = start; hit < end; hit++)
        {
            if (_textHits[hit].Position >= first && _textHits[hit].Position < first + count)
            {
                values[_textHits[hit].Position - first] = _textHits[hit].Value;
            }
        }

        return new ObservedText(_text, value, [.. _textTokens.GetRange(first, count)], values);
    }
}
