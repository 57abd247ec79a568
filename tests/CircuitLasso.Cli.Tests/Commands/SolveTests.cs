using System.Text.Json;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class SolveTests : IDisposable
{
    private const int Rows = 40, Features = 12, Targets = 3;
    private readonly TemporaryFolder _folder = new();

    public SolveTests()
    {
        Random random = new(5);
        float[] x = [.. Enumerable.Range(0, Rows * Features).Select(_ => random.NextDouble() < 0.4 ? (float)random.NextDouble() : 0)];
        float[] y = new float[Rows * Targets];
        for (int at = 0; at < y.Length; at++)
        {
            int row = at / Targets, target = at % Targets;
            y[at] = (2 * x[(row * Features) + target]) - x[(row * Features) + 5] + (0.1f * (float)random.NextDouble());
        }

        using NumPyArray design = NumPyArray.Create<float>(x, Rows, Features);
        NpyFile.Write(Design, design);
        using NumPyArray targets = NumPyArray.Create<float>(y, Rows, Targets);
        NpyFile.Write(TargetFile, targets);
    }

    private string Design => _folder.PathOf("x.npy");

    private string TargetFile => _folder.PathOf("y.npy");

    private string Out => _folder.PathOf("a.npz");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_tells_the_sizes_the_gaps_and_the_seconds()
    {
        (int exitCode, string output, string error) = CommandLine.Run("solve", "--design", Design, "--targets", TargetFile, "--lambda-ratio", "0.1", "--out", Out, "--json");
        Assert.Equal(0, exitCode);
        Assert.StartsWith("40 rows, 12 features", error, StringComparison.Ordinal);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(
            ["out", "targets", "features", "samples", "lambdas", "gram", "seconds", "gap_max", "gap_median", "nonzeros", "peak_bytes", "missed"],
            root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["reading", "gram", "solving"], root.GetProperty("seconds").EnumerateObject().Select(property => property.Name));
        Assert.Equal((3, 12, 40, 0), (Number("targets"), Number("features"), Number("samples"), Number("missed")));
        Assert.InRange(root.GetProperty("gap_max").GetDouble(), 0, 1e-4);
        Assert.InRange(root.GetProperty("gap_median").GetDouble(), 0, root.GetProperty("gap_max").GetDouble());
        Assert.InRange(root.GetProperty("peak_bytes").GetInt64(), 1 << 20, long.MaxValue);
        CompressedColumns<double> coefficients = SciPySparseFile.Read<double>(Out);
        Assert.Equal((12, 3, Number("nonzeros")), (coefficients.RowCount, coefficients.ColumnCount, coefficients.EntryCount));

        int Number(string name) => root.GetProperty(name).GetInt32();
    }

    [Fact]
    public void Any_number_of_threads_and_a_sparse_copy_give_the_same_file()
    {
        const string program = """
            import sys, numpy as np, scipy.sparse as sp
            for source, target in ((1, 2), (3, 4)): sp.save_npz(sys.argv[target], sp.csr_matrix(np.load(sys.argv[source])))
            """;
        CommandLine.Run("solve", "--design", Design, "--targets", TargetFile, "--lambda", "0.5", "--out", Out, "--threads", "1");
        byte[] expected = File.ReadAllBytes(Out);
        string x = _folder.PathOf("x.npz"), y = _folder.PathOf("y.npz");
        Python.Run("scipy", program, Design, x, TargetFile, y);
        foreach (string threads in new[] { "1", "3" })
        {
            Assert.Equal(0, CommandLine.Run("solve", "--design", x, "--targets", y, "--lambda", "0.5", "--out", Out, "--threads", threads).ExitCode);
            Assert.Equal(expected, File.ReadAllBytes(Out));
        }
    }

    [Theory]
    [InlineData("0.3")]
    [InlineData("0.02")]
    public void Numpy_audits_every_gap_of_the_file(string ratio)
    {
        const string program = """
            import sys, numpy as np, scipy.sparse as sp
            X, Y = (np.load(f).astype(float) for f in sys.argv[1:3]); A = sp.load_npz(sys.argv[3]); ratio = float(sys.argv[4])
            assert A.format == 'csc' and A.dtype == np.float64, (A.format, A.dtype)
            R = Y - X @ A.toarray(); mu = ratio * np.abs(X.T @ Y).max(0)
            c = np.clip((Y * R).sum(0) / (R * R).sum(0), -mu / np.abs(X.T @ R).max(0), mu / np.abs(X.T @ R).max(0))
            p = (R * R).sum(0) / 2 + mu * np.abs(A.toarray()).sum(0); d = ((Y * Y).sum(0) - ((Y - c * R) ** 2).sum(0)) / 2
            print(((p - d) / ((Y * Y).sum(0) / 2)).max())
            """;
        Assert.Equal(0, CommandLine.Run("solve", "--design", Design, "--targets", TargetFile, "--lambda-ratio", ratio, "--out", Out).ExitCode);
        double worst = double.Parse(Python.Run("scipy", program, Design, TargetFile, Out, ratio), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(worst, -1e-9, 1e-4);
    }

    [Fact]
    public void A_gap_that_is_missed_ends_with_its_own_exit_code_and_keeps_the_coefficients()
    {
        (int exitCode, string output, _) = CommandLine.Run("solve", "--design", Design, "--targets", TargetFile, "--lambda-ratio", "0.01", "--tolerance", "1e-30", "--out", Out, "--json");
        Assert.Equal(3, exitCode);
        Assert.InRange(JsonDocument.Parse(output).RootElement.GetProperty("missed").GetInt32(), 1, 3);
        Assert.True(File.Exists(Out));
    }

    [Theory]
    [InlineData("--lambda", "0", "--lambda: 0 is not a positive number; at zero nothing is sparse")]
    [InlineData("--lambda", "-2", "--lambda: -2 is not a positive number; at zero nothing is sparse")]
    [InlineData("--lambda-ratio", "0", "--lambda-ratio: 0 is not a positive number; at zero nothing is sparse")]
    [InlineData("--lambda-ratio", "NaN", "--lambda-ratio: NaN is not a positive number; at zero nothing is sparse")]
    [InlineData("--tolerance", "0", "--lambda: neither it nor --lambda-ratio is given")]
    public void Options_that_make_no_sense_are_refused_with_a_reason(string option, string value, string message) =>
        AssertRefused(message, "--design", Design, "--targets", TargetFile, option, value, "--out", Out);

    [Fact]
    public void Both_lambdas_are_refused() =>
        AssertRefused("--lambda: it and --lambda-ratio are both given", "--design", Design, "--targets", TargetFile, "--lambda", "1", "--lambda-ratio", "0.1", "--out", Out);

    [Theory]
    [InlineData("--targets: it and --blocks are both given", "--blocks", "4,8")]
    [InlineData("--non-negative: is for --loss squares only", "--loss", "logistic", "--non-negative")]
    [InlineData("--stability: is for --loss squares only", "--loss", "logistic", "--stability", "4")]
    [InlineData("--stability: half-samples come in pairs", "--stability", "3")]
    [InlineData("--stability: is for one lambda", "--stability", "4", "--path", "3")]
    [InlineData("--memory: 'much' is no size of memory", "--memory", "much")]
    [InlineData("--memory: 0 MiB are too few", "--memory", "1KB")]
    public void Options_that_do_not_go_together_are_refused_by_name(string message, params string[] options) =>
        AssertRefused(message, ["--design", Design, "--targets", TargetFile, "--lambda", "1", "--out", Out, .. options]);

    [Fact]
    public void Classes_other_than_0_and_1_are_refused_by_row_and_column() =>
        AssertRefused($"{TargetFile}: row 0, column 0 is ", "--design", Design, "--targets", TargetFile, "--loss", "logistic", "--lambda", "1", "--out", Out);

    [Theory]
    [InlineData("4,9", "--blocks: the widths add up to more than the 12 columns")]
    [InlineData("4,4", "--blocks: the widths add up to 8, and ")]
    [InlineData("12", "--blocks: one block has nothing before it")]
    [InlineData("4,x", "--blocks: 'x' is no width")]
    public void Blocks_that_do_not_cover_the_design_are_refused(string blocks, string message) =>
        AssertRefused(message, "--design", Design, "--blocks", blocks, "--lambda", "1", "--out", Out);

    [Fact]
    public void Blocks_are_explained_by_the_blocks_before_them()
    {
        const string program = """
            import sys, numpy as np
            Z = np.load(sys.argv[1]); np.save(sys.argv[2], Z[:, :7]); np.save(sys.argv[3], Z[:, 7:])
            """;
        string x = _folder.PathOf("first.npy"), y = _folder.PathOf("second.npy"), other = _folder.PathOf("other.npz");
        Python.Run("numpy", program, Design, x, y);
        Assert.Equal(0, CommandLine.Run("solve", "--design", Design, "--blocks", "7,5", "--lambda-ratio", "0.1", "--tolerance", "1e-7", "--out", Out).ExitCode);
        Assert.Equal(0, CommandLine.Run("solve", "--design", x, "--targets", y, "--lambda-ratio", "0.1", "--tolerance", "1e-7", "--out", other).ExitCode);
        CompressedColumns<double> blocks = SciPySparseFile.Read<double>(Out), apart = SciPySparseFile.Read<double>(other);
        Assert.Equal((12, 12, 0), (blocks.RowCount, blocks.ColumnCount, (int)blocks.ColumnStarts[7]));
        Assert.NotEqual(0, apart.EntryCount);
        for (int t = 0; t < 5; t++)
        {
            Assert.Equal(apart.RowsOf(t), blocks.RowsOf(7 + t));
            for (int i = 0; i < apart.RowsOf(t).Length; i++)
            {
                Assert.Equal(apart.ValuesOf(t)[i], blocks.ValuesOf(7 + t)[i], 1e-3);
            }
        }
    }

    [Fact]
    public void Scikit_learn_finds_the_same_with_intercept_and_standardized_columns_along_a_path()
    {
        const string program = """
            import sys, numpy as np, scipy.sparse as sp
            from sklearn.linear_model import Lasso
            X, Y = (np.load(f).astype(float) for f in sys.argv[1:3]); n = X.shape[0]; sd = X.std(0); Z = (X - X.mean(0)) / sd
            f = np.load(sys.argv[3]); A = sp.load_npz(sys.argv[3]).toarray(); T = Y.shape[1]; worst = 0
            assert A.shape[1] == 4 * T == f['lambdas'].size == f['intercepts'].size
            for k in range(4 * T):
                y = Y[:, k % T]; m = Lasso(alpha=f['lambdas'][k] / (2 * n), tol=1e-12, max_iter=100000).fit(Z, y)
                assert k < T or abs(m.coef_).max() > 0
                b = m.intercept_ - (m.coef_ * X.mean(0) / sd).sum()
                worst = max(worst, abs(m.coef_ / sd - A[:, k]).max(), abs(b - f['intercepts'][k]))
            print(worst)
            """;
        string[] options = ["--design", Design, "--targets", TargetFile, "--lambda-ratio", "0.05", "--path", "4", "--intercept", "--standardize", "--tolerance", "1e-8", "--out", Out];
        Assert.Equal(0, CommandLine.Run(["solve", .. options]).ExitCode);
        Assert.InRange(double.Parse(Python.Run("sklearn", program, Design, TargetFile, Out), System.Globalization.CultureInfo.InvariantCulture), 0, 2e-3);
    }

    [Fact]
    public void Logistic_loss_agrees_with_liblinear()
    {
        const string labels = "import sys, numpy as np; Y = np.load(sys.argv[1]); np.save(sys.argv[2], (Y > np.median(Y, 0)).astype(np.float32))";
        const string program = """
            import sys, numpy as np, scipy.sparse as sp
            from sklearn.linear_model import LogisticRegression
            X, Y = (np.load(f).astype(float) for f in sys.argv[1:3]); A = sp.load_npz(sys.argv[3]).toarray(); lam = np.load(sys.argv[3])['lambdas']; worst = 0
            for t in range(Y.shape[1]):
                assert abs(lam[t] - 0.1 * abs(X.T @ (Y[:, t] - .5)).max()) < 1e-4
                m = LogisticRegression(penalty='l1', solver='liblinear', fit_intercept=False, C=1 / lam[t], tol=1e-9, max_iter=10000).fit(X, Y[:, t])
                worst = max(worst, abs(m.coef_.ravel() - A[:, t]).max())
            print(worst)
            """;
        string classes = _folder.PathOf("classes.npy");
        Python.Run("numpy", labels, TargetFile, classes);
        Assert.Equal(0, CommandLine.Run("solve", "--design", Design, "--targets", classes, "--loss", "logistic", "--lambda-ratio", "0.1", "--tolerance", "1e-9", "--out", Out).ExitCode);
        Assert.InRange(double.Parse(Python.Run("sklearn", program, Design, classes, Out), System.Globalization.CultureInfo.InvariantCulture), 0, 2e-3);
    }

    [Fact]
    public void Stability_writes_frequencies_beside_the_coefficients()
    {
        string[] options = ["--design", Design, "--targets", TargetFile, "--lambda-ratio", "0.2", "--stability", "10", "--out", Out, "--json"];
        (int exitCode, string output, _) = CommandLine.Run(["solve", .. options]);
        Assert.Equal(0, exitCode);
        JsonElement stability = JsonDocument.Parse(output).RootElement.GetProperty("stability");
        Assert.Equal(_folder.PathOf("a.stability.npz"), stability.GetProperty("out").GetString());
        byte[] first = File.ReadAllBytes(_folder.PathOf("a.stability.npz"));
        CompressedColumns<double> frequencies = SciPySparseFile.Read<double>(_folder.PathOf("a.stability.npz"));
        Assert.Equal((12, 3, stability.GetProperty("nonzeros").GetInt32()), (frequencies.RowCount, frequencies.ColumnCount, frequencies.EntryCount));
        for (int t = 0; t < 3; t++)
        {
            // Each target is twice its own feature, less feature 5.
            Assert.Equal(1.0, frequencies.ValuesOf(t)[frequencies.RowsOf(t).IndexOf(t)]);
        }

        Assert.All(frequencies.Values.ToArray(), value => Assert.Equal(Math.Round(10 * value), 10 * value, 1e-9));
        CommandLine.Run(["solve", .. options, "--threads", "1"]);
        Assert.Equal(first, File.ReadAllBytes(_folder.PathOf("a.stability.npz")));
    }

    [Fact]
    public void What_an_interrupted_run_left_is_used_for_the_same_command_only()
    {
        string partial = _folder.PathOf("a.partial.npz");
        using NumPyArray array = NumPyArray.Create<float>([1, 2], 2);
        NpzFile.Write(partial, [new("data", array)]);
        AssertRefused($"{partial}: ", "--design", Design, "--targets", TargetFile, "--lambda", "1", "--out", Out, "--quiet");
        File.Delete(partial);
        Assert.Equal(0, CommandLine.Run("solve", "--design", Design, "--targets", TargetFile, "--lambda", "1", "--out", Out).ExitCode);
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public void Files_that_do_not_fit_are_refused()
    {
        using NumPyArray cube = NumPyArray.Create<float>(new float[8], 2, 2, 2);
        NpyFile.Write(_folder.PathOf("cube.npy"), cube);
        AssertRefused($"{_folder.PathOf("cube.npy")}: has 3 dimensions", "--design", _folder.PathOf("cube.npy"), "--targets", TargetFile, "--lambda", "1", "--out", Out);
        using NumPyArray few = NumPyArray.Create<float>(new float[8], 8);
        NpyFile.Write(_folder.PathOf("few.npy"), few);
        AssertRefused($"{_folder.PathOf("few.npy")}: has 8 rows", "--design", Design, "--targets", _folder.PathOf("few.npy"), "--lambda", "1", "--out", Out);
        AssertRefused($"{_folder.PathOf("none.npz")}: ", "--design", _folder.PathOf("none.npz"), "--targets", TargetFile, "--lambda", "1", "--out", Out);
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused_by_row_and_column()
    {
        using NumPyArray array = NumPyArray.Create<float>([1, 2, 3, float.NaN], 2, 2);
        NpyFile.Write(_folder.PathOf("nan.npy"), array);
        AssertRefused($"{_folder.PathOf("nan.npy")}: row 1, column 1 is NaN", "--design", _folder.PathOf("nan.npy"), "--targets", _folder.PathOf("nan.npy"), "--lambda", "1", "--out", Out);
    }

    private void AssertRefused(string message, params string[] arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(["solve", .. arguments]);
        Assert.Equal((2, string.Empty), (exitCode, output));
        Assert.StartsWith("error: " + message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(Out));
    }
}
