using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class MatrixBackendTests
{
    public static TheoryData<string> Backends() => ["scalar", "simd", "openblas"];

    [Fact]
    public void OpenBlas_agrees_with_the_plain_loops() => BackendCases.AssertAgreesWithScalar(Create("openblas"));

    [Fact]
    public void The_project_s_kernels_agree_with_the_plain_loops() => BackendCases.AssertAgreesWithScalar(new SimdMatrixBackend());

    [Fact]
    public void The_project_s_kernels_agree_with_the_plain_loops_on_every_instruction_set() =>
        InstructionSets.RunWithEach(typeof(MatrixBackendTests), nameof(The_project_s_kernels_agree_with_the_plain_loops));

    [Fact]
    public void Float64_accumulation_agrees_with_the_plain_loops_and_rounds_only_once()
    {
        Float64AccumulationBackend backend = new(new SimdMatrixBackend());
        BackendCases.AssertAgreesWithScalar(backend);

        // 2^24 + 1 has no float32; in float64 it is there to be cancelled.
        float[] c = [float.NaN];
        backend.Gemm(false, false, 1, 1, 3, 1f, [16777216, 1, -16777216], 3, [1, 1, 1], 1, 0f, c, 1);
        Assert.Equal([1], c);
    }

    [Fact]
    public void Float64_accumulation_holds_until_it_is_disposed_of_and_in_the_tasks_that_are_started()
    {
        IMatrixBackend before = MatrixBackend.Default;
        using (MatrixBackend.WithFloat64Accumulation())
        {
            Assert.IsType<Float64AccumulationBackend>(MatrixBackend.Default);
            DeterministicParallel.For(4, _ => Assert.IsType<Float64AccumulationBackend>(MatrixBackend.Default));
        }

        Assert.Same(before, MatrixBackend.Default);
    }

    [Fact]
    public void Products_larger_than_one_block_agree_with_the_plain_loops()
    {
        // Beyond 2048 columns, 480 rows and 256 deep: every loop of the blocked product turns more than once.
        foreach ((int m, int n, int k, bool transposeA, bool transposeB) in ((int, int, int, bool, bool)[])[(487, 70, 521, true, false), (65, 2083, 300, false, true), (2100, 6, 300, false, false)])
        {
            ProductProblem<float> single = new(m, n, k, transposeA, transposeB, 1.25, 0.5, seed: m);
            single.AssertClose(single.Run(new ScalarMatrixBackend()), single.Run(new SimdMatrixBackend()));
            ProductProblem<double> twice = new(m, n, k, transposeA, transposeB, 1.25, 0.5, seed: m);
            twice.AssertClose(twice.Run(new ScalarMatrixBackend()), twice.Run(new SimdMatrixBackend()));
        }
    }

    [Fact]
    public void Products_by_the_project_s_kernels_allocate_nothing()
    {
        SimdMatrixBackend backend = new();
        float[] a = new float[300 * 300];
        float[] c = new float[300 * 300];
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            backend.Gemm(false, true, 300, 300, 300, 1f, a, 300, a, 300, 0f, c, 300);
            backend.Gemm(false, true, 30, 8, 30, 1f, a, 30, a, 30, 1f, c, 8);
            backend.Gemm(false, false, 1, 300, 300, 1f, a, 300, a, 300, 0f, c, 300);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(round == 0 || allocated == 0, $"{allocated} bytes");
        }
    }

    [Fact]
    public void OpenBlas_tells_its_version_and_core() =>
        Assert.Matches(@"^OpenBLAS \d+\.\d+\.\d+ \w+$", Create("openblas").Name);

    [Theory]
    [MemberData(nameof(Backends))]
    public void Every_backend_refuses_arguments_that_do_not_fit(string name)
    {
        IMatrixBackend backend = Create(name);
        float[] six = new float[6];
        Refused(() => backend.Gemm(false, false, -1, 2, 2, 1f, six, 2, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, false, 2, -1, 2, 1f, six, 2, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, false, 2, 2, -1, 1f, six, 2, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, false, 3, 2, 3, 1f, six, 3, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, false, 2, 3, 3, 1f, six, 3, six, 3, 0f, six, 3));
        Refused(() => backend.Gemm(false, false, 2, 2, 3, 1f, six, 2, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(true, false, 3, 2, 2, 1f, six, 2, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, true, 2, 2, 3, 1f, six, 3, six, 2, 0f, six, 2));
        Refused(() => backend.Gemm(false, false, 2, 2, 3, 1f, six, 3, six, 2, 0f, six, 1));
        Refused(() => backend.Gemm(false, false, 2, 2, 3, 1f, six, 3, six, 2, 0f, six, 5));
        Refused(() => backend.Gemm(false, false, int.MaxValue, int.MaxValue, int.MaxValue, 1f, six, int.MaxValue, six, int.MaxValue, 0f, six, int.MaxValue));
        Refused(() => backend.Gemm(false, false, 65536, 65536, 1, 1d, new double[65536], 1, new double[65536], 65536, 0d, new double[6], 65536));
        backend.Gemm(false, false, 2, 2, 3, 1f, six, 3, six, 2, 0f, new float[4], 2);

        static void Refused(Action product) => Assert.Throws<ArgumentException>(product);
    }

    [Fact]
    public void Without_a_wish_OpenBlas_is_taken_where_it_is_found()
    {
        ScalarMatrixBackend found = new();
        Assert.Same(found, MatrixBackend.Choose(null, () => found).Backend);
        Assert.Same(found, MatrixBackend.Choose(string.Empty, () => found).Backend);
    }

    [Fact]
    public void Without_a_wish_and_without_OpenBlas_the_project_s_kernels_are_taken() =>
        Assert.IsType<SimdMatrixBackend>(MatrixBackend.Choose(null, () => null).Backend);

    [Fact]
    public void The_environment_variable_decides()
    {
        ScalarMatrixBackend found = new();
        Assert.Same(found, MatrixBackend.Choose("openblas", () => found).Backend);
        Assert.IsType<SimdMatrixBackend>(MatrixBackend.Choose("simd", () => found).Backend);
        (IMatrixBackend scalar, string reason) = MatrixBackend.Choose("scalar", () => null);
        Assert.IsType<ScalarMatrixBackend>(scalar);
        Assert.Contains(MatrixBackend.Variable, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openblas")]
    [InlineData("OpenBLAS")]
    [InlineData("cuda")]
    public void A_backend_that_is_not_there_is_refused_with_the_variable_s_name(string asked)
    {
        InputException refusal = Assert.Throws<InputException>(() => MatrixBackend.Choose(asked, () => null));
        Assert.Equal(MatrixBackend.Variable, refusal.Subject);
    }

    private static IMatrixBackend Create(string name)
    {
        if (name == "openblas")
        {
            OpenBlasBackend? backend = OpenBlasBackend.TryCreate();
            Assert.SkipWhen(backend is null, "this system has no OpenBLAS");
            return backend;
        }

        return MatrixBackend.Choose(name, () => null).Backend;
    }
}
