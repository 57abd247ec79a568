using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

/// <summary>Runs a function with a number of threads of its own. Its users share a collection, because the number belongs to the process.</summary>
[CollectionDefinition(Collection)]
public sealed class ThreadCount
{
    public const string Collection = "number of threads";

    public static T With<T>(int threads, Func<T> function)
    {
        int before = DeterministicParallel.Threads;
        DeterministicParallel.Threads = threads;
        try
        {
            return function();
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }
}
