namespace CircuitLasso.Numerics.Tests;

[Collection(ThreadCount.Collection)]
public sealed class DeterministicParallelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_task_runs_exactly_once(int threads)
    {
        int[] runs = new int[1000];
        ThreadCount.With(threads, () => DeterministicParallel.For(runs.Length, i => Interlocked.Increment(ref runs[i])));
        Assert.All(runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_loop_inside_a_task_runs_in_order_on_the_task_s_thread()
    {
        bool[] ordered = new bool[8];
        ThreadCount.With(3, () => DeterministicParallel.For(ordered.Length, outer =>
        {
            Assert.True(DeterministicParallel.InsideTask);
            int thread = Environment.CurrentManagedThreadId;
            List<int> seen = [];
            DeterministicParallel.For(50, inner =>
            {
                Assert.Equal(thread, Environment.CurrentManagedThreadId);
                seen.Add(inner);
            });
            ordered[outer] = seen.SequenceEqual(Enumerable.Range(0, 50));
        }));
        Assert.All(ordered, Assert.True);
        Assert.False(DeterministicParallel.InsideTask);
    }

    [Fact]
    public void The_first_exception_of_a_task_reaches_the_caller_unwrapped_and_the_thread_is_outside_again()
    {
        ThreadCount.With(2, () => Assert.Throws<InputException>(() => DeterministicParallel.For(10, _ => throw new InputException("file", "is broken", "mend it"))));
        Assert.False(DeterministicParallel.InsideTask);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_cancelled_loop_says_so(int threads)
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        ThreadCount.With(threads, () => Assert.ThrowsAny<OperationCanceledException>(() => DeterministicParallel.For(10, _ => { }, source.Token)));
    }

    [Fact]
    public void Fewer_than_one_thread_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DeterministicParallel.Threads = 0);
}
