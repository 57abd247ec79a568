using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>Memory outside the managed heap, borrowed from the backend's pool.</summary>
internal sealed unsafe class CpuTensorStorage : TensorStorage
{
    private readonly CpuStoragePool _pool;
    private NativeBuffer<float>? _buffer;

    internal CpuTensorStorage(ITensorBackend backend, CpuStoragePool pool, NativeBuffer<float> buffer, long length, StoredType storedType)
        : base(backend, length, storedType)
    {
        _pool = pool;
        _buffer = buffer;
    }

    internal float* Pointer => StoredType == StoredType.Float32
        ? (float*)Bytes
        : throw new InvalidOperationException($"This operation computes with float32, and the tensor is stored as {StoredType}; Clone it, which gives float32.");

    internal byte* Bytes
    {
        get
        {
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
