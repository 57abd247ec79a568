namespace CircuitLasso.Numerics;

/// <summary>
/// Merges partial results of consecutive blocks along one binary tree of block indices: node (level l, index i) covers the blocks from
/// i 2^l up to (i + 1) 2^l. The order of the merges follows from the indices alone, so the result has the same bytes however the blocks were
/// shared out over threads, processes or machines.
/// </summary>
/// <remarks>
/// It holds one partial result per level of the tree at most (twice that for a part that starts in the middle). Not for several threads at
/// once: compute blocks in parallel, add them in order.
/// </remarks>
/// <typeparam name="T">A partial result.</typeparam>
public sealed class BlockTree<T>
{
    private readonly Func<T, T, T> _merge;
    private readonly List<(int Level, long Index, T Value)> _nodes = [];
    private readonly long _firstBlock;

    /// <summary>Starts with no blocks.</summary>
    /// <param name="merge">The result of the earlier blocks and that of the later ones make one; it may reuse either.</param>
    /// <param name="firstBlock">Index of the first block; 0 unless the blocks before it are merged elsewhere.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="firstBlock"/> is negative.</exception>
    public BlockTree(Func<T, T, T> merge, long firstBlock = 0)
    {
        ArgumentNullException.ThrowIfNull(merge);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        _merge = merge;
        _firstBlock = firstBlock;
        NextBlock = firstBlock;
    }

    /// <summary>Index of the block that is added next.</summary>
    public long NextBlock { get; private set; }

    /// <summary>The partial results held now, earlier blocks first; for whoever must free them.</summary>
    public IEnumerable<T> Partials => _nodes.Select(node => node.Value);

    /// <summary>Adds the next block.</summary>
    public void Add(T block)
    {
        Push(0, NextBlock, block);
        NextBlock++;
    }

    /// <summary>Adds all blocks of the tree that starts where this one ends; that tree is empty afterwards.</summary>
    /// <exception cref="ArgumentException">It does not start there, or it is this tree.</exception>
    public void Append(BlockTree<T> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (next._firstBlock != NextBlock || ReferenceEquals(next, this))
        {
            throw new ArgumentException($"Block {NextBlock} comes next, and the other tree starts at block {next._firstBlock}.", nameof(next));
        }

        foreach ((int level, long index, T value) in next._nodes)
        {
            Push(level, index, value);
        }

        NextBlock = next.NextBlock;
        next._nodes.Clear();
        next.NextBlock = next._firstBlock;
    }

    /// <summary>The result of all blocks. The tree is empty afterwards.</summary>
    /// <exception cref="InvalidOperationException">There are no blocks.</exception>
    public T Finish()
    {
        if (_nodes.Count == 0)
        {
            throw new InvalidOperationException("There are no blocks to merge.");
        }

        T result = _nodes[^1].Value;
        for (int i = _nodes.Count - 2; i >= 0; i--)
        {
            result = _merge(_nodes[i].Value, result);
        }

        _nodes.Clear();
        NextBlock = _firstBlock;
        return result;
    }

    private void Push(int level, long index, T value)
    {
        while ((index & 1) == 1 && _nodes.Count > 0 && _nodes[^1].Level == level && _nodes[^1].Index == index - 1)
        {
            value = _merge(_nodes[^1].Value, value);
            _nodes.RemoveAt(_nodes.Count - 1);
            (level, index) = (level + 1, index >> 1);
        }

        _nodes.Add((level, index, value));
    }
}
