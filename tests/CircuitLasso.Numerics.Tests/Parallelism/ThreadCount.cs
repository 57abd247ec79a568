namespace CircuitLasso.Numerics.Tests;

/// <summary>Runs an action with a number of threads of its own. Its users share a collection, because the number belongs to the process.</summary>
[CollectionDefinition(Collection)]
public sealed class ThreadCount
{
    public const string Collection = "number of threads";

    public static void With(int threads, Action action)
    {
        int before = DeterministicParallel.Threads;
        DeterministicParallel.Threads = threads;
        try
        {
            action();
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }
}
