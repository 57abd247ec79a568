namespace CircuitLasso.Models;

/// <summary>The words of Llama-3's pattern, and of Qwen's, which takes digits one by one.</summary>
/// <param name="numbers">The part of the expression that is about numbers.</param>
/// <param name="mostDigits">How many numbers that part takes at most.</param>
internal sealed class Llama3WordScanner(string numbers, int mostDigits) : WordScanner
{
    /// <inheritdoc/>
    public override string Expression { get; } =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && ContractionLength(text[start..]) is > 0 and int contraction)
        {
            return start + contraction;
        }

        CharacterClass kind = CharacterClasses.At(text, start);
        if (kind == CharacterClass.Letter)
        {
            return CharacterClasses.EndOfRun(text, start, CharacterClass.Letter);
        }

        if (kind == CharacterClass.Number)
        {
            return EndOfNumbers(text, start);
        }

        int second = start + (char.IsHighSurrogate(first) ? 2 : 1);
        if (kind != CharacterClass.LineEnd && second < text.Length && CharacterClasses.At(text, second) == CharacterClass.Letter)
        {
            return CharacterClasses.EndOfRun(text, second, CharacterClass.Letter);
        }

        int signs = first == ' ' ? start + 1 : start;
        int end = CharacterClasses.EndOfRun(text, signs, CharacterClass.Other);
        return end > signs ? CharacterClasses.EndOfRun(text, end, CharacterClass.LineEnd) : EndOfSpaces(text, start);
    }

    private int EndOfNumbers(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        for (int count = 0; count < mostDigits && end < text.Length && CharacterClasses.At(text, end) == CharacterClass.Number; count++)
        {
            end += char.IsHighSurrogate(text[end]) ? 2 : 1;
        }

        return end;
    }

    // White space with line ends in it ends with the last of them; other white space leaves its last character to the word that follows.
    private static int EndOfSpaces(ReadOnlySpan<char> text, int start)
    {
        int end = CharacterClasses.EndOfWhiteSpace(text, start);
        int lineEnd = text[start..end].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? start + lineEnd + 1
            : end == text.Length || end == start + 1 ? end
            : end - 1;
    }

    // The long s is an s where case is ignored.
    private static int ContractionLength(ReadOnlySpan<char> text) => text switch
    {
        [_, 's' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D', ..] => 2,
        [_, 'r' or 'R' or 'v' or 'V', 'e' or 'E', ..] => 3,
        [_, 'l' or 'L', 'l' or 'L', ..] => 3,
        _ => 0,
    };
}
