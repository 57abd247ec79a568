using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary>How the memory of <c>--memory</c> is shared out: the files, what each thread works in, and the rest for X'X.</summary>
internal sealed class SolveMemory
{
    // Code, the garbage collector's own, and what is written at the end.
    private const long Slack = 96L << 20;

    // Bytes that each thread holds for every column and for every row of the design.
    private const long BytesPerColumn = 72;
    private const long BytesPerRow = 16;
    private readonly long _limit;

    /// <summary>Refuses files that cannot fit.</summary>
    internal SolveMemory(SolveRequest request)
    {
        _limit = request.MemoryLimit;
        long files = Length(request.Design) + (request.Targets is null ? 0 : Length(request.Targets));
        if (files > _limit)
        {
            throw TooLittle(files + Slack);
        }
    }

    /// <summary>Bytes that are left for X'X once the files are read.</summary>
    internal long Room(SharedDesign design)
    {
        // What reading left behind would otherwise count against X'X.
        System.Runtime.GCSettings.LargeObjectHeapCompactionMode = System.Runtime.GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long working = (DeterministicParallel.Threads * ((BytesPerColumn * design.Columns) + (BytesPerRow * design.Rows))) + SharedGramSolver.ProductBytes(design) + Slack;
        long room = _limit - Environment.WorkingSet - working;
        return room > 0 ? room : throw TooLittle(Environment.WorkingSet + working);
    }

    private static long Length(string path)
    {
        FileInfo file = new(path);
        return file.Exists ? file.Length : 0;
    }

    private InputException TooLittle(long needed) =>
        new("--memory", FormattableString.Invariant($"{_limit >> 20:N0} MiB are too few: the files and the work on them take {needed >> 20:N0} MiB"), "give more, or fewer rows or columns");
}
