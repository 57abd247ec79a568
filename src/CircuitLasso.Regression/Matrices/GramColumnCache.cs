using System.Collections.Concurrent;

namespace CircuitLasso.Regression;

/// <summary>
/// Columns of X'X that are computed when they are first asked for, and kept while there is room: for designs whose whole Gram matrix does not
/// fit. What a column holds does not depend on whether it was kept. Safe for several threads; each reads through a reader of its own.
/// </summary>
/// <param name="design">The design.</param>
/// <param name="maximumBytes">What the kept columns may take.</param>
internal sealed class GramColumnCache(SharedDesign design, long maximumBytes) : IDisposable
{
    private readonly ConcurrentDictionary<int, GramChunk> _kept = [];
    private readonly double[] _offsets = design.GramOffsets();
    private long _bytes;

    public GramReader CreateReader() => new Reader(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GramChunk chunk in _kept.Values)
        {
            chunk.Dispose();
        }
    }

    private sealed class Reader(GramColumnCache cache) : GramReader(cache.Design.Columns, cache._offsets)
    {
        private readonly SharedGramBuilder.Fill _fill = cache.Design.CreateColumnSums();
        private readonly double[] _sums = new double[cache.Design.Columns];
        private readonly float[] _values = new float[cache.Design.Columns];
        private readonly int[] _indices = new int[cache.Design.Columns];
        private readonly GramChunk?[] _held = new GramChunk?[Held + 1];
        private int _next;

        public override void Dispose()
        {
            foreach (GramChunk? chunk in _held)
            {
                chunk?.Dispose();
            }
        }

        public override void Fetch(int column, int start)
        {
            if (cache._kept.TryGetValue(column, out GramChunk? chunk))
            {
                Fetch(chunk.Column(0, Columns), start);
            }
        }

        protected override DesignColumn Column(int column)
        {
            if (!cache._kept.TryGetValue(column, out GramChunk? chunk))
            {
                chunk = SharedGramBuilder.Chunk(column, 1, _fill, _sums, _values, _indices);
                if (!cache.TryKeep(column, ref chunk))
                {
                    // Compressed columns are used at once and share the last place.
                    bool isWhole = chunk.Column(0, Columns).IsWhole;
                    int place = isWhole ? _next : Held;
                    _next = isWhole ? (_next + 1) % Held : _next;
                    _held[place]?.Dispose();
                    _held[place] = chunk;
                }
            }

            return chunk.Column(0, Columns);
        }
    }

    private SharedDesign Design => design;

    /// <summary>Keeps a column where there is room; where another thread was faster, its column takes the place of this one.</summary>
    private bool TryKeep(int column, ref GramChunk chunk)
    {
        if (Interlocked.Add(ref _bytes, chunk.Bytes) > maximumBytes)
        {
            Interlocked.Add(ref _bytes, -chunk.Bytes);
            return false;
        }

        if (!_kept.TryAdd(column, chunk))
        {
            Interlocked.Add(ref _bytes, -chunk.Bytes);
            chunk.Dispose();
            chunk = _kept[column];
        }

        return true;
    }
}
