namespace CircuitLasso.Tensors.Tests;

public sealed class ReductionTests
{
    public static TheoryData<int[], int> Axes => new()
    {
        { [1], 0 },
        { [9], -1 },
        { [3, 5], 0 },
        { [3, 5], 1 },
        { [2, 3, 4], 1 },
        { [2, 130, 3], 1 },
        { [2, 3, 40], -1 },
        { [2, 1, 4], 1 },
        { [0, 3], 1 },
    };

    [Theory]
    [MemberData(nameof(Axes))]
    public void Sums_means_and_maxima_run_over_one_axis(int[] shape, int axis)
    {
        Reference x = Reference.Random(new Random(1), shape);
        int positive = axis < 0 ? axis + shape.Length : axis;
        foreach (bool keep in (bool[])[false, true])
        {
            Check(t => t.Sum(axis, keep), values => values.Sum());
            Check(t => t.Mean(axis, keep), values => values.Average());
            Check(t => t.Maximum(axis, keep), values => values.Max());

            void Check(Func<Tensor, Tensor> operation, Func<IEnumerable<double>, double> reduce) =>
                OperationCheck.Agrees(t => operation(t[0]), t => Twin(t[0], positive, keep, reduce), [x]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(33)]
    public void Sums_and_means_run_over_everything(int length)
    {
        Reference x = Reference.Random(new Random(2), [length, 2]);
        OperationCheck.Agrees(t => t[0].Sum(), t => new Reference([], [t[0].Values.Sum()]), [x]);
        if (length > 0)
        {
            OperationCheck.Agrees(t => t[0].Mean(), t => new Reference([], [t[0].Values.Average()]), [x]);
        }
    }

    [Fact]
    public void Sums_over_many_chunks_keep_their_digits()
    {
        using TensorScope scope = new();
        Reference x = Reference.Random(new Random(3), [3, 100_003], 0, 1);
        Tensor tensor = x.ToTensor();
        Assert.Equal(x.Values.Sum(), tensor.Sum().Item(), 1e-6 * x.Values.Sum());
        OperationCheck.AssertClose(Twin(x, 1, false, values => values.Sum()).Values, tensor.Sum(1).ToArray(), 1e-6, "sum");
        OperationCheck.AssertClose(Twin(x, 1, false, values => values.Sum()).Values, tensor.Reshape(3, 100_003, 1).Transpose(0, 2).Sum(1).ToArray(), 1e-6, "sum");
        OperationCheck.AssertClose(Twin(x, 0, false, values => values.Sum()).Values, tensor.Sum(0).ToArray(), 1e-6, "sum");
    }

    [Fact]
    public void The_gradient_of_a_maximum_goes_to_the_first_of_equals()
    {
        using TensorScope scope = new();
        Tensor x = Tensor.FromValues([1, 3, 3, 2, 2, 2], 2, 3);
        x.RequiresGradient = true;
        x.Maximum(1).Sum().Backward();
        Assert.Equal([0, 1, 0, 1, 0, 0], x.Gradient!.ToArray());
    }

    [Fact]
    public void Missing_axes_and_the_maximum_of_nothing_are_refused()
    {
        using TensorScope scope = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, 3).Sum(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(2, 3).Sum(-3));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 0).Maximum(1));
    }

    private static Reference Twin(Reference x, int axis, bool keep, Func<IEnumerable<double>, double> reduce)
    {
        int[] shape = keep ? [.. x.Shape[..axis], 1, .. x.Shape[(axis + 1)..]] : [.. x.Shape[..axis], .. x.Shape[(axis + 1)..]];
        return Reference.Build(shape, i => reduce(Enumerable.Range(0, x.Shape[axis]).Select(k => x[[.. i[..axis], k, .. i[(keep ? axis + 1 : axis)..]]])));
    }
}
