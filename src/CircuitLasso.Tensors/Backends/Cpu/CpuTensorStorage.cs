using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>Memory outside the managed heap, borrowed from the backend's pool, or numbers in a mapped file.</summary>
internal sealed unsafe class CpuTensorStorage : TensorStorage
{
    private readonly CpuStoragePool _pool;
    private readonly MappedMatrix? _mapped;
    private NativeBuffer<float>? _buffer;

    internal CpuTensorStorage(ITensorBackend backend, CpuStoragePool pool, NativeBuffer<float> buffer, long length, StoredType storedType)
        : base(backend, length, storedType)
    {
        _pool = pool;
        _buffer = buffer;
    }

    internal CpuTensorStorage(ITensorBackend backend, CpuStoragePool pool, MappedMatrix mapped)
        : base(backend, mapped.Length, mapped.StoredType)
    {
        mapped.Check();
        _pool = pool;
        _mapped = mapped;
        Layout = mapped.IsContiguous ? null : mapped;
    }

    public override bool IsPlain => StoredType == StoredType.Float32 && Layout is null;

    public override bool IsReadOnly => _mapped is not null;

    /// <summary>Rows, columns and strides where the numbers do not lie one after the other.</summary>
    internal MappedMatrix? Layout { get; }

    internal float* Pointer => IsPlain
        ? (float*)Bytes
        : throw new InvalidOperationException($"This operation computes with float32 in row-major order, and the tensor is stored as {StoredType}{(Layout is null ? string.Empty : " with strides")}; Clone it, which gives that.");

    /// <summary>The first number. Of a file it is made sure each time that nobody has cut it.</summary>
    internal byte* Bytes
    {
        get
        {
            if (_mapped is not null)
            {
                _mapped.File.RequireUnchanged();
                return _mapped.File.Pointer + _mapped.Offset;
            }

            ObjectDisposedException.ThrowIf(_buffer is null, typeof(Tensor));
            return (byte*)_buffer.Pointer;
        }
    }

    internal static int SizeOf(StoredType type) => type == StoredType.Float32 ? sizeof(float) : sizeof(ushort);

    protected override void Free()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            _pool.Return(buffer);
        }
    }
}
