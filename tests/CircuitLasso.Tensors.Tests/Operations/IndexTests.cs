namespace CircuitLasso.Tensors.Tests;

public sealed class IndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(300)]
    public void Embedding_takes_rows_and_its_gradient_adds_up_repeated_ones(int width)
    {
        int[] ids = [4, 0, 4, 1, 4, 2];
        OperationCheck.Agrees(
            t => t[0].Embedding(ids, 2, 3),
            t => Reference.Build([2, 3, width], i => t[0][ids[(i[0] * 3) + i[1]], i[2]]),
            [Reference.Random(new Random(1), [5, width])]);
    }

    [Fact]
    public void One_class_is_picked_in_every_row()
    {
        int[] classes = [3, 0, 3, 2];
        OperationCheck.Agrees(t => t[0].GatherLast(classes), t => Reference.Build([2, 2], i => t[0][i[0], i[1], classes[(i[0] * 2) + i[1]]]), [Reference.Random(new Random(2), [2, 2, 4])]);
    }

    [Fact]
    public void Entries_of_the_first_axis_are_picked_in_any_order()
    {
        int[] rows = [2, 2, 0];
        OperationCheck.Agrees(t => t[0].SelectIndices(rows), t => Reference.Build([3, 2, 4], i => t[0][rows[i[0]], i[1], i[2]]), [Reference.Random(new Random(3), [3, 2, 4])]);
        OperationCheck.Agrees(t => t[0].SelectIndices(), t => new Reference([0, 4]), [Reference.Random(new Random(3), [3, 4])]);
    }

    [Fact]
    public void Indices_outside_are_refused()
    {
        using TensorScope scope = new();
        Tensor table = Tensor.Zeros(3, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Embedding([3], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Embedding([-1], 1));
        Assert.Throws<ArgumentException>(() => table.Embedding([1, 2], 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.GatherLast([0, 1, 2]));
        Assert.Throws<ArgumentException>(() => table.GatherLast([0, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.SelectIndices(3));
    }
}
