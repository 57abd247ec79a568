using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Learning data without the rows whose target is not defined (a number that is not a number, such as the log-probability of what follows a text's last token).
/// </summary>
public sealed class DefinedRows : ILearningData
{
    private readonly ILearningData _data;
    private readonly long[] _rows;

    private DefinedRows(ILearningData data, long[] rows)
    {
        _data = data;
        _rows = rows;
    }

    /// <inheritdoc/>
    public IReadOnlyList<LearningBlock> Blocks => _data.Blocks;

    /// <inheritdoc/>
    public long Rows => _rows.Length;

    /// <inheritdoc/>
    public string Subject => _data.Subject;

    /// <inheritdoc/>
    public ComponentGraph? Components => _data.Components;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance => _data.Provenance;

    /// <summary>The rows with a defined target, with their targets; the same objects where all are.</summary>
    /// <exception cref="InputException">No row has a defined target.</exception>
    public static (ILearningData Data, LearningTarget? Target) Keep(ILearningData data, LearningTarget? target)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (target?.Numbers is not { } numbers || !Array.Exists(numbers, double.IsNaN))
        {
            return (data, target);
        }

        int[] kept = [.. Enumerable.Range(0, numbers.Length).Where(row => !double.IsNaN(numbers[row]))];
        return kept.Length > 0
            ? (new DefinedRows(data, [.. kept.Select(row => (long)row)]), LearningTarget.Behaviour(target.Name, [.. kept.Select(row => numbers[row])]))
            : throw new InputException(data.Subject, $"{target.Name} is defined for no row", "give texts of two tokens and more");
    }

    /// <inheritdoc/>
    public void ReadRows(long start, int count, Span<float> destination)
    {
        // Undefined rows are few: reading through them and copying what is kept beats reading row by row.
        int columns = Blocks.Sum(block => block.Width);
        long first = _rows[start];
        int span = checked((int)(_rows[start + count - 1] - first + 1));
        float[] all = new float[checked(span * columns)];
        _data.ReadRows(first, span, all);
        for (int row = 0; row < count; row++)
        {
            all.AsSpan((int)(_rows[start + row] - first) * columns, columns).CopyTo(destination[(row * columns)..]);
        }
    }
}
