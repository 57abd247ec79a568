using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>Rows and blocks of columns that a circuit is learnt from, read in pieces. Implementations need not be thread-safe.</summary>
public interface ILearningData
{
    /// <summary>The blocks; their columns follow each other in this order.</summary>
    IReadOnlyList<LearningBlock> Blocks { get; }

    /// <summary>Number of rows.</summary>
    long Rows { get; }

    /// <summary>What the rows are, for messages: a file or folder.</summary>
    string Subject { get; }

    /// <summary>The component graph that the blocks are nodes of, where they are a model's components.</summary>
    ComponentGraph? Components { get; }

    /// <summary>Where the rows come from: hashes and settings, without clock times and paths.</summary>
    IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>The rows that belong together, as those of the tokens of one text do, and are held out and shuffled together; null where every row stands for itself.</summary>
    RowGroups? Groups { get; }

    /// <summary>Copies rows.</summary>
    /// <param name="start">The first row.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="destination">count x columns, row-major.</param>
    /// <exception cref="Numerics.InputException">The rows cannot be read.</exception>
    void ReadRows(long start, int count, Span<float> destination);
}
