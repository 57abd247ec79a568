using CircuitLasso.Regression;

namespace CircuitLasso.Tests;

/// <summary>Learning data in memory: blocks named and placed in the order in which they are given, each rows x its width.</summary>
internal sealed class ArrayLearningData : ILearningData
{
    private readonly float[][,] _values;

    public ArrayLearningData(params (string Name, int Place, float[,] Values)[] blocks)
    {
        _values = [.. blocks.Select(block => block.Values)];
        Blocks = [.. blocks.Select((block, i) => new LearningBlock(
            block.Name, i == blocks.Length - 1 && block.Name == "y" ? CircuitNodeKind.Target : CircuitNodeKind.Block, null, block.Place, block.Values.GetLength(1)))];
    }

    public IReadOnlyList<LearningBlock> Blocks { get; }

    public long Rows => _values[0].GetLength(0);

    public string Subject => "arrays";

    public ComponentGraph? Components => null;

    public RowGroups? Groups { get; init; }

    public IReadOnlyDictionary<string, string> Provenance { get; } = new Dictionary<string, string> { ["text"] = "made up" };

    public void ReadRows(long start, int count, Span<float> destination)
    {
        int at = 0;
        for (int row = 0; row < count; row++)
        {
            foreach (float[,] block in _values)
            {
                for (int column = 0; column < block.GetLength(1); column++)
                {
                    destination[at++] = block[start + row, column];
                }
            }
        }

        Assert.Equal(destination.Length, at);
    }
}
