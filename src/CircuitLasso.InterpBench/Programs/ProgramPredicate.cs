using System.Globalization;
using System.Text.RegularExpressions;

namespace CircuitLasso.InterpBench;

/// <summary>The condition of a selector in words: <c>true</c>, or <c>key OP query</c>, with <c>+ N</c> or <c>- N</c> after it.</summary>
internal sealed partial class ProgramPredicate
{
    private readonly string _comparison;
    private readonly double _offset;

    private ProgramPredicate(string comparison, double offset)
    {
        _comparison = comparison;
        _offset = offset;
    }

    /// <summary>Whether it compares by size or distance, which only numbers have.</summary>
    public bool NeedsNumbers => _comparison is not ("true" or "==" or "!=") || _offset != 0;

    /// <summary>Reads a condition; null where it is none.</summary>
    public static ProgramPredicate? Parse(string text)
    {
        if (text == "true")
        {
            return new ProgramPredicate(text, 0);
        }

        Match match = Condition().Match(text);
        if (!match.Success)
        {
            return null;
        }

        string offset = match.Groups["sign"].Value + match.Groups["offset"].Value;
        return new ProgramPredicate(match.Groups["comparison"].Value, offset.Length == 0 ? 0 : double.Parse(offset, CultureInfo.InvariantCulture));
    }

    public bool Holds(ProgramValue key, ProgramValue query) => _comparison switch
    {
        "true" => true,
        "==" when !NeedsNumbers => key.Equals(query),
        "!=" when !NeedsNumbers => !key.Equals(query),
        "==" => key.Number == query.Number + _offset,
        "!=" => key.Number != query.Number + _offset,
        "<" => key.Number < query.Number + _offset,
        "<=" => key.Number <= query.Number + _offset,
        ">" => key.Number > query.Number + _offset,
        _ => key.Number >= query.Number + _offset,
    };

    [GeneratedRegex(@"^key (?<comparison>==|!=|<=|>=|<|>) query(?: (?<sign>[+-]) (?<offset>[0-9]{1,4}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Condition();
}
