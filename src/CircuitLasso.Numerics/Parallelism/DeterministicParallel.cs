namespace CircuitLasso.Numerics;

/// <summary>
/// Parallel loops whose results do not depend on the number of threads: the caller splits the work into a fixed number of tasks that write
/// to separate places, and threads only decide who runs which task.
/// </summary>
/// <remarks>Thread-safe. A loop started inside a task of another loop runs on that task's thread, in order: the outer loop already fills the processors.</remarks>
public static class DeterministicParallel
{
    private static int _threads = Environment.ProcessorCount;

    [ThreadStatic]
    private static bool _insideTask;

    /// <summary>Number of threads used by loops that do not state their own; the number of processors unless set. At least one.</summary>
    public static int Threads
    {
        get => _threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _threads = value;
        }
    }

    /// <summary>Whether the calling thread is running a task of a parallel loop, so that a loop started here runs in order on this thread.</summary>
    public static bool InsideTask => _insideTask;

    /// <summary>Runs <paramref name="task"/> for 0 .. <paramref name="count"/> - 1, in any order, and returns when all have run.</summary>
    /// <param name="count">Number of tasks.</param>
    /// <param name="task">The work of one task; it must write only what no other task reads or writes.</param>
    /// <param name="cancellationToken">Stops starting tasks.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void For(int count, Action<int> task, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (count <= 1 || Threads == 1 || _insideTask)
        {
            for (int i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                task(i);
            }

            return;
        }

        ParallelOptions options = new() { MaxDegreeOfParallelism = Threads, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, count, options, index => RunTask(task, index));
        }
        catch (AggregateException exception) when (exception.InnerExceptions.Count >= 1)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception.InnerExceptions[0]).Throw();
        }
    }

    private static void RunTask(Action<int> task, int index)
    {
        _insideTask = true;
        try
        {
            task(index);
        }
        finally
        {
            _insideTask = false;
        }
    }
}
