namespace CircuitLasso.InterpBench;

/// <summary>
/// The values of all variables of one run: a place among the variable's values at every position, -1 for null; or, for a number, the number, NaN for null.
/// </summary>
internal sealed class ProgramState
{
    private readonly int[][] _codes;
    private readonly double[][] _numbers;

    public ProgramState(IReadOnlyList<ProgramVariable> variables, int positions)
    {
        _codes = [.. variables.Select(variable => variable.IsNumerical ? [] : new int[positions])];
        _numbers = [.. variables.Select(variable => variable.IsNumerical ? new double[positions] : [])];
    }

    /// <summary>The program's positions of this run.</summary>
    public int Length { get; set; }

    public Span<int> Codes(ProgramVariable variable) => _codes[variable.Index].AsSpan(0, Length);

    public Span<double> Numbers(ProgramVariable variable) => _numbers[variable.Index].AsSpan(0, Length);

    /// <summary>A value as a number, whether or not the variable is numerical; NaN for null.</summary>
    public double Number(ProgramVariable variable, int position)
    {
        if (variable.IsNumerical)
        {
            return _numbers[variable.Index][position];
        }

        int code = _codes[variable.Index][position];
        return code < 0 ? double.NaN : variable.Numbers![code];
    }

    /// <summary>The value for a reader; null for null.</summary>
    public ProgramValue? Value(ProgramVariable variable, int position)
    {
        if (variable.IsNumerical)
        {
            double number = _numbers[variable.Index][position];
            return double.IsNaN(number) ? null : ProgramValue.Of(number);
        }

        int code = _codes[variable.Index][position];
        return code < 0 ? null : variable.Values[code];
    }

    public void CopyVariable(ProgramVariable variable, ProgramState source)
    {
        if (variable.IsNumerical)
        {
            source.Numbers(variable).CopyTo(Numbers(variable));
        }
        else
        {
            source.Codes(variable).CopyTo(Codes(variable));
        }
    }
}
