namespace CircuitLasso.Numerics.Tests;

public sealed class MatrixBackendTests
{
    public static TheoryData<string> Backends() => ["scalar", "openblas"];

    [Fact]
    public void OpenBlas_agrees_with_the_plain_loops() => BackendCases.AssertAgreesWithScalar(Create("openblas"));

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
    public void The_environment_variable_decides()
    {
        ScalarMatrixBackend found = new();
        Assert.Same(found, MatrixBackend.Choose("openblas", () => found).Backend);
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
