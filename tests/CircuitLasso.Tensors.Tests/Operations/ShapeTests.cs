namespace CircuitLasso.Tensors.Tests;

public sealed class ShapeTests
{
    [Fact]
    public void Reshape_keeps_the_order_of_the_elements()
    {
        Reference x = Reference.Random(new Random(1), [2, 6]);
        OperationCheck.Agrees(t => t[0].Reshape(3, 4), t => new Reference([3, 4], t[0].Values), [x]);
        OperationCheck.Agrees(t => t[0].Reshape(2, -1, 3), t => new Reference([2, 2, 3], t[0].Values), [x]);
        OperationCheck.Agrees(t => t[0].Reshape(1, 1).Reshape(), t => new Reference([], t[0].Values), [Reference.Random(new Random(1), [1])]);
    }

    public static TheoryData<int[], int[]> Permutations => new()
    {
        { [5], [0] },
        { [3, 4], [1, 0] },
        { [2, 3, 4], [2, 0, 1] },
        { [2, 3, 4, 5], [0, 2, 1, 3] },
        { [2, 3, 1, 5], [3, 2, 1, 0] },
        { [2, 0, 3], [2, 1, 0] },
        { [130, 140], [1, 0] },
    };

    [Theory]
    [MemberData(nameof(Permutations))]
    public void Permute_reorders_the_axes(int[] shape, int[] axes)
    {
        Reference x = Reference.Random(new Random(2), shape);
        Reference Twin(Reference[] t) => Reference.Build([.. axes.Select(axis => shape[axis])], i => t[0][[.. Enumerable.Range(0, shape.Length).Select(axis => i[Array.IndexOf(axes, axis)])]]);
        if (x.Values.Length < 1000)
        {
            OperationCheck.Agrees(t => t[0].Permute(axes), Twin, [x]);
        }

        using TensorScope scope = new();
        OperationCheck.AssertClose(Twin([x]).Values, x.ToTensor().Permute(axes).ToArray(), 0, "value");
    }

    [Fact]
    public void Transpose_swaps_two_axes()
    {
        Reference x = Reference.Random(new Random(3), [2, 3, 4]);
        OperationCheck.Agrees(t => t[0].Transpose(0, -1), t => Reference.Build([4, 3, 2], i => t[0][i[2], i[1], i[0]]), [x]);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 3)]
    [InlineData(-1, 2, 2)]
    [InlineData(1, 3, 0)]
    public void Slice_takes_a_range_of_one_axis(int axis, int start, int count)
    {
        int[] shape = [2, 3, 4];
        int positive = axis < 0 ? axis + 3 : axis;
        int[] expected = [.. shape];
        expected[positive] = count;
        OperationCheck.Agrees(
            t => t[0].Slice(axis, start, count),
            t => Reference.Build(expected, i => t[0][[.. i.Select((index, d) => d == positive ? index + start : index)]]),
            [Reference.Random(new Random(4), shape)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void Concatenate_joins_along_one_axis(int axis)
    {
        int positive = axis < 0 ? axis + 3 : axis;
        int[] sizes = [2, 0, 3];
        Reference[] parts = [.. sizes.Select(size => Reference.Random(new Random(size), [.. Enumerable.Range(0, 3).Select(d => d == positive ? size : 2)]))];
        OperationCheck.Agrees(
            t => t.Concatenate(axis),
            t => Reference.Build([.. Enumerable.Range(0, 3).Select(d => d == positive ? 5 : 2)], i => i[positive] < 2
                ? t[0][i]
                : t[2][[.. i.Select((index, d) => d == positive ? index - 2 : index)]]),
            parts);
    }

    [Fact]
    public void Impossible_shapes_are_refused()
    {
        using TensorScope scope = new();
        Tensor x = Tensor.Zeros(2, 3);
        Assert.Throws<ArgumentException>(() => x.Reshape(4));
        Assert.Throws<ArgumentException>(() => x.Reshape(-1, 4));
        Assert.Throws<ArgumentException>(() => x.Permute(0, 0));
        Assert.Throws<ArgumentException>(() => x.Permute(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Slice(1, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Slice(1, -1, 2));
        Assert.Throws<ArgumentException>(() => ((Tensor[])[x, Tensor.Zeros(2, 3, 1)]).Concatenate(1));
        Assert.Throws<ArgumentException>(() => ((Tensor[])[x, Tensor.Zeros(3, 3)]).Concatenate(1));
        Assert.Throws<ArgumentException>(() => Array.Empty<Tensor>().Concatenate(0));
    }
}
