using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tensors.Tests;

[Collection(ThreadCount.Collection)]
public sealed class MappedTensorTests
{
    public static TheoryData<StoredType, string> Layouts => new MatrixTheoryData<StoredType, string>(
        [StoredType.Float32, StoredType.BFloat16, StoredType.Float16], ["rows", "transposed", "columns of a wider one"]);

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Matrices_in_a_file_give_what_copies_of_them_give(StoredType type, string layout)
    {
        using TensorScope scope = new();
        foreach ((int rows, int columns) in ((int, int)[])[(1, 1), (6, 5), (130, 257), (1200, 300)])
        {
            using MappedWeights weights = new(type, layout, rows, columns);
            Assert.Equal(type, weights.Mapped.StoredType);
            Assert.Equal(weights.Wide.ToArray(), weights.Mapped.ToArray());
            Assert.Equal(weights.Wide.ToArray(), weights.Mapped.Clone().Scale(1).ToArray());
            int[] ids = [rows - 1, 0, rows / 2];
            Assert.Equal(weights.Wide.Embedding(ids, 3).ToArray(), weights.Mapped.Embedding(ids, 3).ToArray());
            foreach (int texts in (int[])[1, 9, 40])
            {
                Agree(weights, texts, columns, (x, w) => x.Linear(w, null, weightIsInputByOutput: false));
                Agree(weights, texts, rows, (x, w) => x.Linear(w, null, weightIsInputByOutput: true));
                Agree(weights, texts, rows, (x, w) => x.MatMul(w));
                if (rows % 2 == 0)
                {
                    Agree(weights, texts, columns, (x, w) => x.MatMul(w.Reshape(2, rows / 2, columns), transposeB: true));
                }
            }
        }
    }

    [Fact]
    public void A_strip_too_long_to_be_widened_at_once_is_cut_and_gives_the_same_bytes_on_any_number_of_threads()
    {
        const int Outputs = 300;
        const int Inputs = 40_000;
        using TensorScope scope = new();
        using MappedWeights weights = new(StoredType.BFloat16, "rows", Outputs, Inputs);
        Tensor x = new RandomSource(3).NormalTensor(1, 20, Inputs);
        float[] one = ThreadCount.With(1, () => x.Linear(weights.Mapped, null, weightIsInputByOutput: false).ToArray());
        Assert.Equal(one, ThreadCount.With(3, () => x.Linear(weights.Mapped, null, weightIsInputByOutput: false).ToArray()));
        OperationCheck.AssertClose([.. x.Linear(weights.Wide, null, weightIsInputByOutput: false).ToArray().Select(value => (double)value)], one, 1e-5, "product");
    }

    [Fact]
    public void Nothing_is_written_to_a_file()
    {
        using TensorScope scope = new();
        using MappedWeights weights = new(StoredType.Float32, "rows", 3, 4);
        Assert.True(weights.Mapped.IsPlain);
        Assert.Throws<InvalidOperationException>(() => weights.Mapped.CopyFrom(new float[12]));
        using MappedWeights transposed = new(StoredType.Float32, "transposed", 3, 4);
        Assert.False(transposed.Mapped.IsPlain);
        Assert.Throws<InvalidOperationException>(() => transposed.Mapped.Scale(2));
    }

    [Fact]
    public void A_file_cut_while_it_is_used_is_an_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "mapped files cannot change here");
        using TensorScope scope = new();
        foreach (StoredType type in (StoredType[])[StoredType.Float32, StoredType.BFloat16])
        {
            using MappedWeights weights = new(type, "rows", 500, 300);
            Tensor x = Tensor.Zeros(2, 300);
            x.Linear(weights.Mapped, null, weightIsInputByOutput: false);
            weights.Cut();
            Assert.Throws<InputException>(() => x.Linear(weights.Mapped, null, weightIsInputByOutput: false));
            Assert.Throws<InputException>(() => weights.Mapped.ToArray());
            Assert.Throws<InputException>(() => weights.Mapped.Embedding([1], 1));
        }
    }

    [Fact]
    public void Matrices_that_are_not_inside_the_file_are_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.bin"), new byte[100]);
        using MemoryMappedBytes file = new(folder.PathOf("a.bin"));
        MappedMatrix sound = new() { File = file, Offset = 4, StoredType = StoredType.Float32, Rows = 4, Columns = 6, RowStride = 6, ColumnStride = 1 };
        Tensor.FromMapped(sound, 4, 6).Dispose();
        foreach (MappedMatrix wrong in (MappedMatrix[])[
            sound with { Offset = 8 }, sound with { Offset = -4 }, sound with { Offset = 2, Rows = 1 }, sound with { RowStride = 7 }, sound with { ColumnStride = 2 },
            sound with { Rows = int.MaxValue, RowStride = int.MaxValue }, sound with { RowStride = 0 }, sound with { Offset = long.MaxValue - 3 }])
        {
            Assert.Throws<ArgumentException>(() => Tensor.FromMapped(wrong, wrong.Rows, wrong.Columns));
        }

        Assert.Throws<ArgumentException>(() => Tensor.FromMapped(sound, 5, 5));
    }

    private static void Agree(MappedWeights weights, int texts, int inputs, Func<Tensor, Tensor, Tensor> product)
    {
        Tensor x = new RandomSource(5).NormalTensor(1, texts, inputs);
        x.RequiresGradient = true;
        (float[] Value, float[] Gradient) Run(Tensor weight)
        {
            Tensor y = product(x, weight);
            y.Backward(y.Detach());
            float[] gradient = x.Gradient!.ToArray();
            x.ClearGradient();
            return (y.ToArray(), gradient);
        }

        (float[] value, float[] gradient) = Run(weights.Wide);
        (float[] mappedValue, float[] mappedGradient) = Run(weights.Mapped);
        OperationCheck.AssertClose([.. value.Select(number => (double)number)], mappedValue, 2e-6, "product");
        OperationCheck.AssertClose([.. gradient.Select(number => (double)number)], mappedGradient, 2e-6, "gradient");
    }
}
