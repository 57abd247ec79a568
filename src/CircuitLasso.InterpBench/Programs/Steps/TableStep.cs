namespace CircuitLasso.InterpBench;

/// <summary>A table from one or two variables; null where an input is null.</summary>
/// <param name="output">The variable computed.</param>
/// <param name="first">The row of the table.</param>
/// <param name="second">The column, or null for a table of one column.</param>
/// <param name="results">Row after row: the output's code (-1 for null) or its number (NaN for null).</param>
internal sealed class TableStep(ProgramVariable output, ProgramVariable first, ProgramVariable? second, double[] results) : ProgramStep(output)
{
    private readonly int[] _codes = output.IsNumerical ? [] : [.. results.Select(result => (int)result)];

    public override void Run(ProgramState state)
    {
        ReadOnlySpan<int> rows = state.Codes(first);
        ReadOnlySpan<int> columns = second is null ? default : state.Codes(second);
        int width = second?.Values.Count ?? 1;
        if (Output.IsNumerical)
        {
            Span<double> numbers = state.Numbers(Output);
            for (int i = 0; i < numbers.Length; i++)
            {
                int cell = Cell(rows[i], second is null ? 0 : columns[i], width);
                numbers[i] = cell < 0 ? double.NaN : results[cell];
            }
        }
        else
        {
            Span<int> codes = state.Codes(Output);
            for (int i = 0; i < codes.Length; i++)
            {
                int cell = Cell(rows[i], second is null ? 0 : columns[i], width);
                codes[i] = cell < 0 ? -1 : _codes[cell];
            }
        }
    }

    private static int Cell(int row, int column, int width) => row < 0 || column < 0 ? -1 : (row * width) + column;
}
