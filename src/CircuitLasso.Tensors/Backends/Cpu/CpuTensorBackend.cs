using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>
/// The primitives on the processor. Work is cut into pieces that depend on sizes alone, sums run over 16 fixed lanes and fixed chunks merged in order,
/// and vector functions give every element the same value wherever it stands: results do not depend on the number of threads.
/// </summary>
internal sealed unsafe partial class CpuTensorBackend : ITensorBackend
{
    // Large enough to pay for handing out a task, small enough to stay in a core's cache.
    private const int ElementsPerTask = 1 << 14;

    // As many multiplications take about as long.
    private const long SmallProduct = 1L << 18;

    private readonly CpuStoragePool _pool = new(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    public string Name => $"processor, {MatrixBackend.Default.Name}";

    internal CpuStoragePool Pool => _pool;

    public TensorStorage Allocate(long length, bool zeroed)
    {
        CpuTensorStorage storage = new(this, _pool, _pool.Rent(length), length, StoredType.Float32);
        if (zeroed)
        {
            Fill(storage, 0);
        }

        return storage;
    }

    public TensorStorage Store(StoredType type, ReadOnlySpan<byte> bytes)
    {
        long length = bytes.Length / CpuTensorStorage.SizeOf(type);
        CpuTensorStorage storage = new(this, _pool, _pool.Rent((bytes.Length + sizeof(float) - 1L) / sizeof(float)), length, type);
        bytes.CopyTo(new Span<byte>(storage.Bytes, bytes.Length));
        return storage;
    }

    public TensorStorage Map(MappedMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return new CpuTensorStorage(this, _pool, matrix);
    }

    public void Widen(TensorStorage source, TensorStorage target)
    {
        CpuTensorStorage narrow = Own(source);
        float* to = Pointer(target);
        ForRanges(target.Length, ElementsPerTask, (start, count) => Widen(narrow, start, new Span<float>(to + start, count)));
    }

    public void Upload(ReadOnlySpan<float> values, TensorStorage target, long offset)
    {
        RequireRange(target, offset, values.Length);
        values.CopyTo(new Span<float>(Pointer(target) + offset, values.Length));
    }

    public void Download(TensorStorage source, long offset, Span<float> values)
    {
        RequireRange(source, offset, values.Length);
        new ReadOnlySpan<float>(Pointer(source) + offset, values.Length).CopyTo(values);
    }

    public void Fill(TensorStorage target, float value)
    {
        float* pointer = Pointer(target);
        ForRanges(target.Length, ElementsPerTask, (start, count) => new Span<float>(pointer + start, count).Fill(value));
    }

    private static CpuTensorStorage Own(TensorStorage storage) =>
        storage as CpuTensorStorage ?? throw new ArgumentException("The tensor belongs to another backend.", nameof(storage));

    private static float* Pointer(TensorStorage storage) => Own(storage).Pointer;

    /// <summary>Elements from <paramref name="start"/> on, in row-major order of the matrix that is stored.</summary>
    private static void Widen(CpuTensorStorage source, long start, Span<float> target)
    {
        if (source.Layout is not { } layout)
        {
            WidenRun(source.StoredType, source.Bytes, start, 1, target);
            return;
        }

        byte* bytes = source.Bytes;
        while (!target.IsEmpty)
        {
            (long row, long column) = Math.DivRem(start, layout.Columns);
            Span<float> run = target[..(int)Math.Min(target.Length, layout.Columns - column)];
            WidenRun(source.StoredType, bytes, (row * layout.RowStride) + (column * layout.ColumnStride), layout.ColumnStride, run);
            target = target[run.Length..];
            start += run.Length;
        }
    }

    private static void WidenRun(StoredType type, byte* numbers, long first, long stride, Span<float> target)
    {
        int size = CpuTensorStorage.SizeOf(type);
        if (stride != 1)
        {
            for (int i = 0; i < target.Length; i++)
            {
                byte* from = numbers + ((first + (i * stride)) * size);
                target[i] = type switch
                {
                    StoredType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(from) << 16),
                    StoredType.Float16 => (float)Unsafe.ReadUnaligned<Half>(from),
                    _ => Unsafe.ReadUnaligned<float>(from),
                };
            }

            return;
        }

        ReadOnlySpan<byte> bytes = new(numbers + (first * size), target.Length * size);
        switch (type)
        {
            case StoredType.BFloat16: SingleConversion.FromBFloat16(bytes, target); break;
            case StoredType.Float16: SingleConversion.FromFloat16(bytes, target); break;
            default: MemoryMarshal.Cast<byte, float>(bytes).CopyTo(target); break;
        }
    }

    private static float* PointerOrNull(TensorStorage? storage) => storage is null ? null : Pointer(storage);

    private static void RequireRange(TensorStorage storage, long offset, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, storage.Length - count);
    }

    /// <summary>Runs a task for every range of at most <paramref name="size"/> of <paramref name="length"/> elements.</summary>
    private static void ForRanges(long length, int size, Action<long, int> task)
    {
        if (length <= size)
        {
            if (length > 0)
            {
                task(0, (int)length);
            }

            return;
        }

        DeterministicParallel.For(checked((int)((length + size - 1) / size)), i =>
        {
            long start = (long)i * size;
            task(start, (int)Math.Min(size, length - start));
        });
    }

    /// <summary>Runs tasks in parallel where they are worth it, and on this thread where they are small.</summary>
    private static void ForTasks(int count, bool isSmall, Action<int> task)
    {
        if (!isSmall)
        {
            DeterministicParallel.For(count, task);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            task(i);
        }
    }

    /// <summary>Ranges of whole rows, of about <see cref="ElementsPerTask"/> elements.</summary>
    private static void ForRows(long rows, long width, Action<long, int> task) => ForRanges(rows, RowsPerTask(width), task);

    private static int RowsPerTask(long width) => (int)Math.Max(1, ElementsPerTask / Math.Max(1, width));
}
