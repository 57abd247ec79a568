namespace CircuitLasso.Tensors.Tests;

public sealed class TensorTests
{
    [Fact]
    public void Values_go_in_and_out_in_row_major_order()
    {
        using Tensor x = Tensor.FromValues([1, 2, 3, 4, 5, 6], 2, 3);
        Assert.Equal([2, 3], x.Shape.ToArray());
        Assert.Equal((2, 6L, 3, 2), (x.Rank, x.Length, x.Dimension(-1), x.Dimension(0)));
        Assert.Equal([1, 2, 3, 4, 5, 6], x.ToArray());
        float[] copy = new float[8];
        x.CopyTo(copy);
        Assert.Equal([1, 2, 3, 4, 5, 6, 0, 0], copy);
        x.CopyFrom([6, 5, 4, 3, 2, 1]);
        Assert.Equal([6, 5, 4, 3, 2, 1], x.ToArray());
    }

    [Fact]
    public void Scalars_have_no_dimensions()
    {
        using Tensor x = Tensor.Scalar(2.5f);
        using Tensor zero = Tensor.Zeros();
        Assert.Equal((0, 1L, 2.5f), (x.Rank, x.Length, x.Item()));
        Assert.Equal(0, zero.Item());
    }

    [Fact]
    public void Zeros_are_zero_even_in_memory_used_before()
    {
        for (int i = 0; i < 3; i++)
        {
            using Tensor zeros = Tensor.Zeros(50_000);
            Assert.All(zeros.ToArray(), value => Assert.Equal(0, value));
            zeros.CopyFrom([.. Enumerable.Repeat(7f, 50_000)]);
        }
    }

    [Fact]
    public void A_clone_has_values_of_its_own()
    {
        using Tensor x = Tensor.FromValues([1, 2], 2);
        using Tensor clone = x.Clone();
        using Tensor view = x.Detach();
        x.CopyFrom([3, 4]);
        Assert.Equal([1, 2], clone.ToArray());
        Assert.Equal([3, 4], view.ToArray());
    }

    [Fact]
    public void Wrong_numbers_of_values_are_refused()
    {
        using TensorScope scope = new();
        Tensor x = Tensor.Zeros(2, 3);
        Assert.Throws<ArgumentException>(() => Tensor.FromValues([1, 2], 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, -1));
        Assert.Throws<ArgumentException>(() => x.CopyFrom([1]));
        Assert.Throws<ArgumentException>(() => x.CopyTo(new float[5]));
        Assert.Throws<InvalidOperationException>(() => x.Item());
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Dimension(2));
    }

    [Fact]
    public void A_disposed_tensor_refuses_use_but_views_live_on()
    {
        Tensor x = Tensor.FromValues([1, 2], 2);
        using Tensor view = x.Reshape(1, 2);
        x.Dispose();
        x.Dispose();
        Assert.True(x.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => x.ToArray());
        Assert.Throws<ObjectDisposedException>(() => x.Add(view));
        Assert.Equal([1, 2], view.ToArray());
        Assert.Contains("disposed", x.ToString(), StringComparison.Ordinal);
    }
}
