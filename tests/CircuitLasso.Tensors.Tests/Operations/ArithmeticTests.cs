namespace CircuitLasso.Tensors.Tests;

public sealed class ArithmeticTests
{
    public static TheoryData<int[], int[]> Shapes => new()
    {
        { [], [] },
        { [1], [] },
        { [7], [7] },
        { [3, 5], [5] },
        { [5], [3, 5] },
        { [2, 3, 4], [3, 1] },
        { [2, 3, 4], [2, 1, 4] },
        { [2, 1, 4], [1, 3, 1] },
        { [4, 1], [1, 33] },
        { [2, 3, 1, 2], [3, 5, 1] },
        { [0, 3], [3] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_differences_and_products_repeat_axes_of_one_element(int[] first, int[] second)
    {
        Random random = new(1);
        Reference a = Reference.Random(random, first);
        Reference b = Reference.Random(random, second);
        OperationCheck.Agrees(x => x[0].Add(x[1]), x => Combine(x, (u, v) => u + v), [a, b]);
        OperationCheck.Agrees(x => x[0].Subtract(x[1]), x => Combine(x, (u, v) => u - v), [a, b]);
        OperationCheck.Agrees(x => x[0].Multiply(x[1]), x => Combine(x, (u, v) => u * v), [a, b]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void Sums_in_order_are_those_of_one_addition_after_the_other(int terms)
    {
        Random random = new(5);
        Reference[] x = [.. Enumerable.Range(0, terms).Select(_ => Reference.Random(random, [3, 7]))];
        OperationCheck.Agrees(t => t.SumInOrder(), t => t.Skip(1).Aggregate(t[0], (sum, term) => Combine([sum, term], (u, v) => u + v)), x);
        using TensorScope scope = new();
        Tensor[] tensors = [.. x.Select(term => term.ToTensor())];
        Assert.Equal(tensors.Skip(1).Aggregate(tensors[0], (sum, term) => sum.Add(term)).ToArray(), tensors.SumInOrder().ToArray());
        Assert.Throws<ArgumentException>(() => ((Tensor[])[tensors[0], Tensor.Zeros(21)]).SumInOrder());
        Assert.Throws<ArgumentException>(() => Array.Empty<Tensor>().SumInOrder());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70)]
    public void Scale_and_shift_act_on_every_element(int length)
    {
        Reference x = Reference.Random(new Random(2), [length]);
        OperationCheck.Agrees(t => t[0].Scale(-1.5f), t => t[0].Map(v => -1.5 * v), [x]);
        OperationCheck.Agrees(t => t[0].AddScalar(0.25f), t => t[0].Map(v => v + 0.25), [x]);
    }

    [Fact]
    public void Operations_larger_than_one_task_agree_with_plain_loops()
    {
        using TensorScope scope = new();
        Reference a = Reference.Random(new Random(3), [300, 257]);
        Reference b = Reference.Random(new Random(4), [257]);
        OperationCheck.AssertClose(Combine([a, b], (u, v) => u * v).Values, a.ToTensor().Multiply(b.ToTensor()).ToArray(), 1e-6, "value");
        OperationCheck.AssertClose(Combine([b, a], (u, v) => u - v).Values, b.ToTensor().Subtract(a.ToTensor()).ToArray(), 1e-6, "value");
    }

    [Fact]
    public void Shapes_that_do_not_broadcast_are_refused()
    {
        using TensorScope scope = new();
        ArgumentException exception = Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).Add(Tensor.Zeros(2)));
        Assert.Contains("[2, 3] and [2]", exception.Message, StringComparison.Ordinal);
    }

    private static Reference Combine(Reference[] x, Func<double, double, double> function)
    {
        int rank = Math.Max(x[0].Shape.Length, x[1].Shape.Length);
        int[] left = [.. Enumerable.Repeat(1, rank - x[0].Shape.Length), .. x[0].Shape];
        int[] right = [.. Enumerable.Repeat(1, rank - x[1].Shape.Length), .. x[1].Shape];
        return Reference.Build([.. left.Zip(right, (u, v) => u == 1 ? v : u)], i => function(x[0].Broadcast(i), x[1].Broadcast(i)));
    }
}
