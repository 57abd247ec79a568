namespace CircuitLasso.Models;

/// <summary>What a Replace or a Split looks for. Safe for use by several threads.</summary>
internal interface ITextPattern
{
    /// <summary>Appends the matches in the text, from left to right, none overlapping; positions are UTF-16 units.</summary>
    void FindMatches(ReadOnlySpan<char> text, List<Origin> matches);
}
