namespace CircuitLasso.Models;

/// <summary>
/// Merges the tokens of one piece: always the pair of lowest rank, of equal ones the leftmost. Short pieces, which nearly all are, are searched
/// pair by pair; for longer ones a queue of candidate pairs over a linked list makes it O(n log n). Serves one thread; meant to be reused from
/// piece to piece.
/// </summary>
internal sealed class BytePairMerger(BytePairMerges merges)
{
    /// <summary>The longest piece, in tokens, that is searched pair by pair.</summary>
    internal const int LongestShortPiece = 40;

    private const int None = -1;
    private const int NoRank = int.MaxValue;

    private readonly PriorityQueue<int, ulong> _candidates = new();
    private readonly BytePairMerge[] _pairs = new BytePairMerge[LongestShortPiece];
    private Symbol[] _symbols = new Symbol[64];
    private int _count;

    /// <summary>Appends a token to the piece.</summary>
    public void Add(int id, int start, int end)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, 2 * _count);
        }

        _symbols[_count] = new Symbol { Id = id, Start = start, End = end, Previous = _count - 1, Next = _count + 1 };
        _count++;
    }

    /// <summary>Merges, hands the tokens over and is ready for the next piece.</summary>
    public void Finish(List<TokenSpan> tokens)
    {
        if (_count == 0)
        {
            return;
        }

        if (_count <= LongestShortPiece)
        {
            MergeShort();
            for (int i = 0; i < _count; i++)
            {
                tokens.Add(Span(_symbols[i]));
            }
        }
        else
        {
            MergeLong();
            for (int i = 0; i != None; i = _symbols[i].Next)
            {
                tokens.Add(Span(_symbols[i]));
            }
        }

        _count = 0;
    }

    private static TokenSpan Span(Symbol symbol) => new(symbol.Id, symbol.Start, symbol.End - symbol.Start);

    private void MergeShort()
    {
        Span<Symbol> symbols = _symbols.AsSpan(0, _count);
        Span<BytePairMerge> pairs = _pairs.AsSpan(0, _count - 1);
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = PairAt(symbols, i);
        }

        while (true)
        {
            int best = -1;
            int bestRank = NoRank;
            for (int i = 0; i < pairs.Length; i++)
            {
                if (pairs[i].Rank < bestRank)
                {
                    (best, bestRank) = (i, pairs[i].Rank);
                }
            }

            if (best < 0)
            {
                _count = symbols.Length;
                return;
            }

            symbols[best].Id = pairs[best].Id;
            symbols[best].End = symbols[best + 1].End;
            symbols[(best + 2)..].CopyTo(symbols[(best + 1)..]);
            pairs[(best + 1)..].CopyTo(pairs[best..]);
            symbols = symbols[..^1];
            pairs = pairs[..^1];
            if (best < pairs.Length)
            {
                pairs[best] = PairAt(symbols, best);
            }

            if (best > 0)
            {
                pairs[best - 1] = PairAt(symbols, best - 1);
            }
        }
    }

    private BytePairMerge PairAt(ReadOnlySpan<Symbol> symbols, int left) =>
        merges.TryGet(symbols[left].Id, symbols[left + 1].Id, out BytePairMerge merge) ? merge : new BytePairMerge(NoRank, None);

    private void MergeLong()
    {
        _symbols[_count - 1].Next = None;
        for (int left = 0; left + 1 < _count; left++)
        {
            AddCandidate(left, left + 1);
        }

        while (_candidates.TryDequeue(out int left, out ulong priority))
        {
            Merge(left, (int)(priority >> 32));
        }
    }

    private void Merge(int left, int rank)
    {
        ref Symbol symbol = ref _symbols[left];

        // The candidate is out of date where either of its tokens has since become part of another one.
        if (symbol.Id == None || symbol.Next == None || !merges.TryGet(symbol.Id, _symbols[symbol.Next].Id, out BytePairMerge merge) || merge.Rank != rank)
        {
            return;
        }

        ref Symbol right = ref _symbols[symbol.Next];
        symbol.Id = merge.Id;
        symbol.End = right.End;
        symbol.Next = right.Next;
        right.Id = None;
        if (symbol.Next != None)
        {
            _symbols[symbol.Next].Previous = left;
            AddCandidate(left, symbol.Next);
        }

        if (symbol.Previous != None)
        {
            AddCandidate(symbol.Previous, left);
        }
    }

    private void AddCandidate(int left, int right)
    {
        if (merges.TryGet(_symbols[left].Id, _symbols[right].Id, out BytePairMerge merge))
        {
            _candidates.Enqueue(left, ((ulong)(uint)merge.Rank << 32) | (uint)left);
        }
    }

    private struct Symbol
    {
        public int Id;
        public int Start;
        public int End;
        public int Previous;
        public int Next;
    }
}
