using System.Runtime.InteropServices;

namespace CircuitLasso.Tensors.Tests;

public sealed class StoredTypeTests
{
    public static TheoryData<StoredType> Types => [StoredType.Float32, StoredType.BFloat16, StoredType.Float16];

    [Theory]
    [MemberData(nameof(Types))]
    public void Stored_weights_give_the_bytes_of_their_float32_values(StoredType type)
    {
        using TensorScope scope = new();
        RandomSource random = new(1);
        foreach ((int rows, int width) in ((int, int)[])[(1, 1), (5, 7), (130, 257)])
        {
            (Tensor stored, Tensor wide) = Weights(random, type, rows, width);
            Assert.Equal((type, StoredType.Float32), (stored.StoredType, wide.StoredType));
            Assert.Equal(wide.ToArray(), stored.ToArray());
            Assert.Equal(wide.ToArray(), stored.Clone().Scale(1).ToArray());
            Tensor x = random.NormalTensor(1, 3, width);
            x.RequiresGradient = true;
            Assert.Equal(x.Linear(wide, null, false).ToArray(), x.Linear(stored, null, false).ToArray());
            Assert.Equal(x.MatMul(wide, transposeB: true).ToArray(), x.MatMul(stored, transposeB: true).ToArray());
            int[] ids = [rows - 1, 0];
            Assert.Equal(wide.Embedding(ids, 2).ToArray(), stored.Embedding(ids, 2).ToArray());
            x.Linear(stored, null, false).Sum().Backward();
            float[] gradient = x.Gradient!.ToArray();
            x.ClearGradient();
            x.Linear(wide, null, false).Sum().Backward();
            Assert.Equal(x.Gradient!.ToArray(), gradient);
        }
    }

    [Fact]
    public void Narrow_tensors_are_constants_and_other_operations_refuse_them()
    {
        using TensorScope scope = new();
        Tensor narrow = Weights(new RandomSource(2), StoredType.BFloat16, 2, 3).Stored;
        Assert.Throws<InvalidOperationException>(() => narrow.Scale(2));
        Assert.Throws<InvalidOperationException>(() => narrow.CopyFrom(new float[6]));
        Assert.Throws<InvalidOperationException>(() => narrow.RequiresGradient = true);
        Assert.Throws<ArgumentException>(() => Tensor.FromStored(StoredType.Float16, new byte[5], 3));
    }

    private static (Tensor Stored, Tensor Wide) Weights(RandomSource random, StoredType type, int rows, int width)
    {
        float[] values = random.NormalTensor(0.3f, rows, width).ToArray();
        byte[] bytes;
        switch (type)
        {
            case StoredType.BFloat16:
                ushort[] upper = [.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
                values = [.. upper.Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))];
                bytes = MemoryMarshal.AsBytes<ushort>(upper).ToArray();
                break;
            case StoredType.Float16:
                Half[] halves = [.. values.Select(value => (Half)value)];
                values = [.. halves.Select(half => (float)half)];
                bytes = MemoryMarshal.AsBytes<Half>(halves).ToArray();
                break;
            default:
                bytes = MemoryMarshal.AsBytes<float>(values).ToArray();
                break;
        }

        return (Tensor.FromStored(type, bytes, rows, width), Tensor.FromValues(values, rows, width));
    }
}
