using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>
/// Keeps freed blocks for the next tensors of about their size: the first touch of fresh memory costs more than most operations on it. Thread-safe.
/// </summary>
internal sealed class CpuStoragePool
{
    private readonly Dictionary<long, Stack<NativeBuffer<float>>> _free = [];
    private readonly Lock _lock = new();
    private readonly long _limit;
    private long _kept;

    /// <param name="limit">Bytes of free blocks that are kept at most.</param>
    internal CpuStoragePool(long limit) => _limit = limit;

    internal long KeptBytes
    {
        get
        {
            lock (_lock)
            {
                return _kept;
            }
        }
    }

    internal NativeBuffer<float> Rent(long length)
    {
        long size = RoundUp(length);
        lock (_lock)
        {
            if (_free.TryGetValue(size, out Stack<NativeBuffer<float>>? blocks) && blocks.TryPop(out NativeBuffer<float>? block))
            {
                _kept -= size * sizeof(float);
                return block;
            }
        }

        return new NativeBuffer<float>((nint)size, zeroed: false);
    }

    internal void Return(NativeBuffer<float> block)
    {
        long bytes = block.Length * sizeof(float);
        lock (_lock)
        {
            if (_kept + bytes <= _limit)
            {
                _kept += bytes;
                if (!_free.TryGetValue(block.Length, out Stack<NativeBuffer<float>>? blocks))
                {
                    blocks = new Stack<NativeBuffer<float>>();
                    _free.Add(block.Length, blocks);
                }

                blocks.Push(block);
                return;
            }
        }

        block.Dispose();
    }

    internal void Trim()
    {
        lock (_lock)
        {
            foreach (NativeBuffer<float> block in _free.Values.SelectMany(blocks => blocks))
            {
                block.Dispose();
            }

            _free.Clear();
            _kept = 0;
        }
    }

    /// <summary>Eight sizes to every doubling, so that a block is at most an eighth larger than asked for and yet often fits again.</summary>
    internal static long RoundUp(long length)
    {
        if (length <= 64)
        {
            return 64;
        }

        long step = 1L << Math.Max(4, BitOperations.Log2((ulong)(length - 1)) - 3);
        return (length + step - 1) / step * step;
    }
}
