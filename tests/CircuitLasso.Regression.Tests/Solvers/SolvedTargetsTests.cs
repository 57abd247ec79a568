using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Regression.Tests;

public sealed class SolvedTargetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SparseSample _sample = new(200, 60, 40, 0.08, 11);
    private readonly SharedGramOptions _options = new() { LambdaRatio = 0.05, PathLength = 3 };

    private string File => _folder.PathOf("a.partial.npz");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(40)]
    public void An_interrupted_run_goes_on_from_its_file_to_the_same_bytes(int stopAfter)
    {
        SharedGramSolution expected = Solve(new SolvedTargets(60, 40, 3), null, default);
        using CancellationTokenSource source = new();
        SolvedTargets first = new(60, 40, 3);
        Exception? stopped = Record.Exception(() => Solve(first, new Stopper(source, stopAfter), source.Token));
        Assert.True(stopped is OperationCanceledException || stopAfter == 40);
        Assert.InRange(first.Done, stopAfter, 40);
        first.Write(File, [1, 2, 3]);

        SolvedTargets second = new(60, 40, 3);
        second.Read(File, [1, 2, 3]);
        Assert.Equal(first.Done, second.Done);
        List<int> told = [];
        SharedGramSolution found = Solve(second, new Recorder(told), default);
        Assert.Equal(expected.Coefficients.RowIndices, found.Coefficients.RowIndices);
        Assert.Equal(expected.Coefficients.Values, found.Coefficients.Values);
        Assert.Equal(expected.Certificates, found.Certificates);
        Assert.Equal(expected.Intercepts, found.Intercepts);
        Assert.Equal(40 - first.Done, told.Count);
    }

    [Fact]
    public void A_file_of_another_problem_is_refused()
    {
        SolvedTargets solved = new(60, 40, 3);
        Solve(solved, null, default);
        solved.Write(File, [1, 2, 3]);
        Assert.Contains("other options", Refusal(new(60, 40, 3), [1, 2, 4]), StringComparison.Ordinal);
        Assert.Contains("60 x 120", Refusal(new(61, 40, 3), [1, 2, 3]), StringComparison.Ordinal);
        Assert.Contains("fingerprint", Refusal(new(60, 40, 3), [1, 2]), StringComparison.Ordinal);
        SciPySparseFile.Write(File, Solve(solved, null, default).Coefficients);
        Assert.Contains("no array 'fingerprint'", Refusal(new(60, 40, 3), [1, 2, 3]), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Solve(new SolvedTargets(60, 39, 3), null, default));
    }

    [Fact]
    public void A_damaged_file_is_refused_or_harmless()
    {
        SolvedTargets solved = new(60, 40, 3);
        Solve(solved, null, default);
        solved.Write(File, [1, 2, 3]);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        Random random = new(3);
        int refused = 0;
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            System.IO.File.WriteAllBytes(File, i % 4 == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
            Exception? exception = Record.Exception(() => new SolvedTargets(60, 40, 3).Read(File, [1, 2, 3]));
            Assert.True(exception is null or InputException, exception?.ToString());
            refused += exception is null ? 0 : 1;
        }

        Assert.InRange(refused, 100, 200);
    }

    private string Refusal(SolvedTargets target, byte[] fingerprint) => Assert.Throws<InputException>(() => target.Read(File, fingerprint)).Message;

    private SharedGramSolution Solve(SolvedTargets solved, IProgress<WorkProgress>? progress, CancellationToken token)
    {
        using SharedDesign design = SharedDesign.Create(SparseSample.Compress(_sample.X), centred: true);
        return SharedGramSolver.Solve(design, null, SparseSample.Compress(_sample.Y), _options, solved, progress, token);
    }

    private sealed class Stopper(CancellationTokenSource source, int after) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            if (value.Done >= after)
            {
                source.Cancel();
            }
        }
    }

    private sealed class Recorder(List<int> told) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value)
        {
            lock (told)
            {
                told.Add((int)value.Done);
            }
        }
    }
}
