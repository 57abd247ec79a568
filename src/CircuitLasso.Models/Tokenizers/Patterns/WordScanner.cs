namespace CircuitLasso.Models;

/// <summary>
/// A pattern that cuts all of a text into words, found without a regular expression: in one pass, and right for letters beyond U+FFFF.
/// </summary>
internal abstract class WordScanner : ITextPattern
{
    private static readonly WordScanner[] _known =
    [
        Gpt2WordScanner.Instance,
        new Llama3WordScanner(@"\p{N}{1,3}", 3),
        new Llama3WordScanner(@"\p{N}", 1),
    ];

    /// <summary>The regular expression that it stands for, as <c>tokenizer.json</c> writes it.</summary>
    public abstract string Expression { get; }

    /// <summary>The scanner of an expression, or null where only the general path runs it.</summary>
    public static WordScanner? Find(string expression) => Array.Find(_known, scanner => scanner.Expression == expression);

    /// <summary>End of the word that starts at an index, in UTF-16 units; beyond the index. The index is within the text.</summary>
    public abstract int EndOfWord(ReadOnlySpan<char> text, int start);

    /// <inheritdoc/>
    public void FindMatches(ReadOnlySpan<char> text, List<Origin> matches)
    {
        for (int position = 0; position < text.Length;)
        {
            int end = EndOfWord(text, position);
            matches.Add(new Origin(position, end));
            position = end;
        }
    }
}
