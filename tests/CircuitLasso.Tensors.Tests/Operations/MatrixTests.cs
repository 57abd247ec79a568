namespace CircuitLasso.Tensors.Tests;

public sealed class MatrixTests
{
    public static TheoryData<int[], int> LinearShapes => new()
    {
        { [3], 4 },
        { [1, 1], 1 },
        { [5, 7], 3 },
        { [2, 3, 8], 17 },
        { [0, 4], 2 },
        { [2, 0], 3 },
    };

    [Theory]
    [MemberData(nameof(LinearShapes))]
    public void Linear_layers_take_weights_either_way_round(int[] shape, int output)
    {
        Random random = new(1);
        int input = shape[^1];
        Reference x = Reference.Random(random, shape);
        Reference bias = Reference.Random(random, [output]);
        foreach (bool isInputByOutput in (bool[])[false, true])
        {
            Reference weight = Reference.Random(random, isInputByOutput ? [input, output] : [output, input]);
            Reference Twin(Reference[] t) => Reference.Build([.. shape[..^1], output], i =>
            {
                double sum = t.Length > 2 ? t[2][i[^1]] : 0;
                for (int k = 0; k < input; k++)
                {
                    sum += t[0][[.. i[..^1], k]] * (isInputByOutput ? t[1][k, i[^1]] : t[1][i[^1], k]);
                }

                return sum;
            });
            OperationCheck.Agrees(t => t[0].Linear(t[1], t[2], isInputByOutput), Twin, [x, weight, bias]);
            OperationCheck.Agrees(t => t[0].Linear(t[1], null, isInputByOutput), Twin, [x, weight]);
        }
    }

    public static TheoryData<int[], int[]> ProductShapes => new()
    {
        { [3, 4], [4, 5] },
        { [2, 3, 4], [2, 4, 5] },
        { [2, 3, 4], [4, 5] },
        { [3, 4], [2, 4, 5] },
        { [2, 2, 1, 4], [2, 2, 4, 3] },
        { [0, 3, 4], [4, 5] },
        { [3, 0], [0, 5] },
    };

    [Theory]
    [MemberData(nameof(ProductShapes))]
    public void Matrices_multiply_one_by_one_in_batches_and_transposed(int[] first, int[] second)
    {
        Random random = new(2);
        foreach ((bool transposeA, bool transposeB) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
        {
            int[] left = transposeA ? Swapped(first) : first;
            int[] right = transposeB ? Swapped(second) : second;
            int[] leading = first.Length > second.Length ? first[..^2] : second[..^2];
            OperationCheck.Agrees(
                t => t[0].MatMul(t[1], transposeA, transposeB),
                t => Reference.Build([.. leading, first[^2], second[^1]], i =>
                {
                    double sum = 0;
                    for (int k = 0; k < first[^1]; k++)
                    {
                        int[] batchA = first.Length > 2 ? i[..^2] : [];
                        int[] batchB = second.Length > 2 ? i[..^2] : [];
                        sum += t[0][transposeA ? [.. batchA, k, i[^2]] : [.. batchA, i[^2], k]] * t[1][transposeB ? [.. batchB, i[^1], k] : [.. batchB, k, i[^1]]];
                    }

                    return sum;
                }),
                [Reference.Random(random, left), Reference.Random(random, right)]);
        }
    }

    [Fact]
    public void Shapes_that_do_not_multiply_are_refused()
    {
        using TensorScope scope = new();
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).MatMul(Tensor.Zeros(2, 3)));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3, 4).MatMul(Tensor.Zeros(3, 4, 5)));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).Linear(Tensor.Zeros(3, 4), null, weightIsInputByOutput: false));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 3).Linear(Tensor.Zeros(3, 4), Tensor.Zeros(3), weightIsInputByOutput: true));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(3).MatMul(Tensor.Zeros(3, 4)));
    }

    private static int[] Swapped(int[] shape) => [.. shape[..^2], shape[^1], shape[^2]];
}
