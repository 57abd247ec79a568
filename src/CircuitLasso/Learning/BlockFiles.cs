using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// Blocks of the user's own: arrays of npy and npz files with the same number of rows (rows x columns, or one number a row), and an order file that says which of them are computed
/// from which. Each line of the order file is one place and names the blocks that stand there, separated by spaces or commas, first computed first; text after
/// '#' is a comment. A block is named by its file (npy) or its array (npz). The last line is what the circuit explains and names one block.
/// </summary>
public sealed class BlockFiles : ILearningData
{
    private readonly List<(LearningBlock Block, float[] Values)> _blocks;

    private BlockFiles(string subject, List<(LearningBlock Block, float[] Values)> blocks, long rows, Dictionary<string, string> provenance)
    {
        Subject = subject;
        Rows = rows;
        _blocks = blocks;
        Provenance = provenance;
        Blocks = [.. blocks.Select(pair => pair.Block)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<LearningBlock> Blocks { get; }

    /// <inheritdoc/>
    public long Rows { get; }

    /// <inheritdoc/>
    public string Subject { get; }

    /// <inheritdoc/>
    public ComponentGraph? Components => null;

    /// <inheritdoc/>
    public RowGroups? Groups => null;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>Reads the arrays and their order.</summary>
    /// <param name="files">npy and npz files.</param>
    /// <param name="orderFile">The order file.</param>
    /// <exception cref="InputException">
    /// A file is malformed, an array has more than two dimensions, another number of rows or a number that is not finite, two blocks share a name, or the order names a block that is not there, names one
    /// twice or leaves one out.
    /// </exception>
    public static BlockFiles Open(IReadOnlyList<string> files, string orderFile)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(orderFile);
        Dictionary<string, (string File, NumPyArray Array)> arrays = ReadArrays(files);
        List<string[]> places = ReadOrder(orderFile);
        List<(LearningBlock Block, float[] Values)> blocks = [];
        HashSet<string> named = [];
        long rows = -1;
        string firstName = string.Empty;
        for (int place = 0; place < places.Count; place++)
        {
            foreach (string name in places[place])
            {
                if (!named.Add(name))
                {
                    throw new InputException(orderFile, $"names block '{name}' twice", "name every block once");
                }

                if (!arrays.TryGetValue(name, out (string File, NumPyArray Array) found))
                {
                    throw new InputException(orderFile, $"names block '{name}', which no file holds", "use one of: " + string.Join(", ", arrays.Keys.Order(StringComparer.Ordinal)));
                }

                (string file, NumPyArray array) = found;
                long width = array.Shape.Count == 1 ? 1 : array.Shape.Count == 2 ? array.Shape[1] : 0;
                if (width is < 1 or > int.MaxValue || array.Shape[0] < 1)
                {
                    throw new InputException(file, $"array '{name}' has shape [{string.Join(", ", array.Shape)}]", "give rows x columns with at least one of each, or one number a row");
                }

                if (rows >= 0 && array.Shape[0] != rows)
                {
                    throw new InputException(file, $"array '{name}' has {array.Shape[0]} rows where '{firstName}' has {rows}", "give every block the same rows");
                }

                (rows, firstName) = (array.Shape[0], rows < 0 ? name : firstName);
                bool last = place == places.Count - 1;
                blocks.Add((new LearningBlock(name, last ? CircuitNodeKind.Target : CircuitNodeKind.Block, null, place, (int)width), Finite(file, name, array.AsSingles(), (int)width)));
            }
        }

        string? missing = arrays.Keys.Where(name => !named.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault();
        return missing is null
            ? new BlockFiles(orderFile, blocks, rows, new() { ["blocks"] = string.Join(" | ", places.Select(line => string.Join(' ', line))) })
            : throw new InputException(orderFile, $"leaves out block '{missing}' of {arrays[missing].File}", "give it a place, or do not pass its file");
    }

    /// <inheritdoc/>
    public void ReadRows(long start, int count, Span<float> destination)
    {
        int columns = Blocks.Sum(block => block.Width);
        int first = 0;
        foreach ((LearningBlock block, float[] values) in _blocks)
        {
            for (int row = 0; row < count; row++)
            {
                values.AsSpan(checked((int)((start + row) * block.Width)), block.Width).CopyTo(destination.Slice((row * columns) + first, block.Width));
            }

            first += block.Width;
        }
    }

    private static float[] Finite(string file, string name, float[] values, int width)
    {
        int wrong = Array.FindIndex(values, value => !float.IsFinite(value));
        return wrong < 0
            ? values
            : throw new InputException(
                file, $"array '{name}' holds no finite float32 number in row {wrong / width}, column {wrong % width} (both from 0)", "remove or repair that row");
    }

    private static Dictionary<string, (string File, NumPyArray Array)> ReadArrays(IReadOnlyList<string> files)
    {
        Dictionary<string, (string File, NumPyArray Array)> arrays = [];
        foreach (string file in files)
        {
            IEnumerable<(string Name, NumPyArray Array)> read;
            if (file.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
            {
                using NpzFile npz = new(file);
                read = [.. npz.Names.Select(name => (name, npz.Read(name)))];
            }
            else
            {
                read = [(Path.GetFileNameWithoutExtension(file), NpyFile.Read(file))];
            }

            foreach ((string name, NumPyArray array) in read)
            {
                if (!arrays.TryAdd(name, (file, array)))
                {
                    throw new InputException(file, $"block '{name}' is also in {arrays[name].File}", "give every block a name of its own");
                }
            }
        }

        return arrays;
    }

    private static List<string[]> ReadOrder(string orderFile)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(orderFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(orderFile, "cannot be read: " + exception.Message, "give a text file with one place of the computation order a line", exception);
        }

        List<string[]> places = [.. lines
            .Select(line => line.Split('#')[0].Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(names => names.Length > 0)];
        return places.Count >= 2 && places[^1].Length == 1
            ? places
            : throw new InputException(orderFile, "needs at least two places, the last with one block", "write one line a place, what the circuit explains last");
    }
}
