using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors;

/// <summary>Memory outside the managed heap, borrowed from the backend's pool.</summary>
internal sealed unsafe class CpuTensorStorage : TensorStorage
{
    private readonly CpuStoragePool _pool;
    private NativeBuffer<float>? _buffer;

    internal CpuTensorStorage(ITensorBackend backend, CpuStoragePool pool, NativeBuffer<float> buffer, long length)
        : base(backend, length)
    {
        _pool = pool;
        _buffer = buffer;
    }

    internal float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, typeof(Tensor));
            return _buffer.Pointer;
        }
    }

    protected override void Free()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            _pool.Return(buffer);
        }
    }
}
