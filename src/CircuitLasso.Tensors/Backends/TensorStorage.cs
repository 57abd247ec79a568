namespace CircuitLasso.Tensors;

/// <summary>
/// A block of numbers that belongs to one backend. Tensors of different shapes may share it; the last one to let go gives it back.
/// </summary>
/// <remarks>Counting references is thread-safe; the numbers themselves are as safe as the operations that touch them.</remarks>
public abstract class TensorStorage
{
    private int _references = 1;
    private int _version;

    /// <summary>Creates a block with one reference.</summary>
    /// <param name="backend">The backend that owns the memory.</param>
    /// <param name="length">Number of elements.</param>
    /// <param name="storedType">How they are stored.</param>
    protected TensorStorage(ITensorBackend backend, long length, StoredType storedType)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Backend = backend;
        Length = length;
        StoredType = storedType;
    }

    /// <summary>The backend that owns the memory.</summary>
    public ITensorBackend Backend { get; }

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>How the elements are stored.</summary>
    public StoredType StoredType { get; }

    /// <summary>Whether the numbers are float32 and lie one after the other, so that every primitive takes them; others are taken by a few (<see cref="ITensorBackend"/>).</summary>
    public virtual bool IsPlain => StoredType == StoredType.Float32;

    /// <summary>Whether the numbers lie in a file that is never written to.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>Counts the writes after creation, so that a gradient never reads values other than those the operation read.</summary>
    internal int Version => Volatile.Read(ref _version);

    internal bool IsShared => Volatile.Read(ref _references) > 1;

    internal void MarkChanged()
    {
        if (IsReadOnly)
        {
            throw new InvalidOperationException("The tensor lies in a file and cannot be written to; Clone it.");
        }

        Interlocked.Increment(ref _version);
    }

    internal TensorStorage Share()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
        }
    }

    /// <summary>Gives the memory back to the backend; called once, when the last reference goes.</summary>
    protected abstract void Free();
}
