using CircuitLasso.Numerics;

namespace CircuitLasso.Tensors.Tests;

public sealed class CpuStoragePoolTests
{
    [Fact]
    public void A_returned_block_is_handed_out_again()
    {
        CpuStoragePool pool = new(1 << 20);
        NativeBuffer<float> block = pool.Rent(1000);
        pool.Return(block);
        Assert.Equal(block.Length * sizeof(float), pool.KeptBytes);
        Assert.Same(block, pool.Rent(990));
        Assert.Equal(0, pool.KeptBytes);
        block.Dispose();
    }

    [Fact]
    public void Blocks_beyond_the_limit_are_freed()
    {
        CpuStoragePool pool = new(6000);
        NativeBuffer<float> first = pool.Rent(1024);
        NativeBuffer<float> second = pool.Rent(1024);
        pool.Return(first);
        pool.Return(second);
        Assert.True(second.IsDisposed);
        Assert.Equal(4096, pool.KeptBytes);
        pool.Trim();
        Assert.True(first.IsDisposed);
        Assert.Equal(0, pool.KeptBytes);
    }

    [Fact]
    public void Sizes_are_rounded_up_by_an_eighth_at_most()
    {
        for (long length = 128; length < 1L << 40; length += (length / 7) + 1)
        {
            long size = CpuStoragePool.RoundUp(length);
            Assert.InRange(size, length, length + (length / 8));
            Assert.Equal(size, CpuStoragePool.RoundUp(size));
        }

        Assert.Equal(64, CpuStoragePool.RoundUp(0));
    }

    [Fact]
    public void A_scope_gives_all_its_memory_back()
    {
        CpuTensorBackend backend = new();
        TensorStorage storage = backend.Allocate(5000, zeroed: false);
        Assert.Equal(0, backend.Pool.KeptBytes);
        Tensor tensor = new(storage, [5000], scoped: false);
        tensor.RequiresGradient = true;
        long kept = 0;
        for (int pass = 0; pass < 4; pass++)
        {
            using (TensorScope scope = new())
            {
                tensor.LayerNorm(null, null, 1e-5f).Softmax().Multiply(tensor).Sum().Backward();
            }

            // The first pass leaves its gradient with the tensor, the second adds to it; from then on nothing new is needed.
            Assert.True(pass < 2 || backend.Pool.KeptBytes == kept, "A pass kept memory.");
            kept = backend.Pool.KeptBytes;
        }

        tensor.Dispose();

        // The tensor and its gradient, 20000 bytes each, rounded up.
        Assert.Equal(kept + (2 * 4 * CpuStoragePool.RoundUp(5000)), backend.Pool.KeptBytes);
        backend.Pool.Trim();
    }
}
