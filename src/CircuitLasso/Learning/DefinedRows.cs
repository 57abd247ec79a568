using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Learning data without the rows whose target is not defined (a number that is not a number, such as the log-probability of what follows a text's last token).
/// </summary>
public sealed class DefinedRows : ILearningData
{
    private const int FloatsAtOnce = 1 << 20;
    private readonly ILearningData _data;
    private readonly int[] _rows;

    private DefinedRows(ILearningData data, int[] rows)
    {
        _data = data;
        _rows = rows;
        Groups = data.Groups?.SelectRows(rows);
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
    public RowGroups? Groups { get; }

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
            ? (new DefinedRows(data, kept), LearningTarget.Behaviour(target.Name, [.. kept.Select(row => numbers[row])]))
            : throw new InputException(data.Subject, $"{target.Name} is defined for no row", "give texts of two tokens and more");
    }

    /// <inheritdoc/>
    public void ReadRows(long start, int count, Span<float> destination)
    {
        // Undefined rows are few as a rule: reading through them and copying what is kept beats reading row by row. Where they are many, a piece ends early.
        int columns = Blocks.Sum(block => block.Width);
        int widest = Math.Max(1, FloatsAtOnce / columns);
        float[] all = [];
        for (int done = 0; done < count;)
        {
            long first = _rows[start + done];
            int end = done + 1;
            while (end < count && _rows[start + end] - first < widest)
            {
                end++;
            }

            int span = (int)(_rows[start + end - 1] - first + 1);
            Array.Resize(ref all, Math.Max(all.Length, span * columns));
            _data.ReadRows(first, span, all.AsSpan(0, span * columns));
            for (; done < end; done++)
            {
                all.AsSpan((int)(_rows[start + done] - first) * columns, columns).CopyTo(destination[(done * columns)..]);
            }
        }
    }
}
