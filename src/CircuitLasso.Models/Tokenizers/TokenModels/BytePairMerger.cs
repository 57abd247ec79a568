namespace CircuitLasso.Models;

/// <summary>
/// Merges the tokens of one piece: always the pair of lowest rank, of equal ones the leftmost. A queue of candidate pairs over a linked list
/// makes it O(n log n). Serves one thread; meant to be reused from piece to piece.
/// </summary>
internal sealed class BytePairMerger(Dictionary<ulong, BytePairMerge> merges)
{
    private const int None = -1;
    private readonly PriorityQueue<int, ulong> _candidates = new();
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

        _symbols[_count - 1].Next = None;
        for (int left = 0; left + 1 < _count; left++)
        {
            AddCandidate(left, left + 1);
        }

        while (_candidates.TryDequeue(out int left, out ulong priority))
        {
            Merge(left, (int)(priority >> 32));
        }

        for (int i = 0; i != None; i = _symbols[i].Next)
        {
            tokens.Add(new TokenSpan(_symbols[i].Id, _symbols[i].Start, _symbols[i].End - _symbols[i].Start));
        }

        _count = 0;
    }

    private void Merge(int left, int rank)
    {
        ref Symbol symbol = ref _symbols[left];

        // The candidate is out of date where either of its tokens has since become part of another one.
        if (symbol.Id == None || symbol.Next == None
            || !merges.TryGetValue(BytePairMerge.Key(symbol.Id, _symbols[symbol.Next].Id), out BytePairMerge merge) || merge.Rank != rank)
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
        if (merges.TryGetValue(BytePairMerge.Key(_symbols[left].Id, _symbols[right].Id), out BytePairMerge merge))
        {
            _candidates.Enqueue(left, BytePairMerge.Key(merge.Rank, left));
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
