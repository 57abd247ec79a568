namespace CircuitLasso.Models;

/// <summary>The words of GPT-2's pattern.</summary>
internal sealed class Gpt2WordScanner : WordScanner
{
    private Gpt2WordScanner()
    {
    }

    /// <summary>The one instance.</summary>
    public static Gpt2WordScanner Instance { get; } = new();

    /// <inheritdoc/>
    public override string Expression => @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && ContractionLength(text[start..]) is > 0 and int contraction)
        {
            return start + contraction;
        }

        CharacterClass kind = CharacterClasses.At(text, start);
        if (!CharacterClasses.IsWhiteSpace(kind))
        {
            return CharacterClasses.EndOfRun(text, start, kind);
        }

        if (first == ' ' && start + 1 < text.Length && CharacterClasses.At(text, start + 1) is var following && !CharacterClasses.IsWhiteSpace(following))
        {
            return CharacterClasses.EndOfRun(text, start + 1, following);
        }

        // Spaces before a word leave their last one to it.
        int end = CharacterClasses.EndOfWhiteSpace(text, start);
        return end == text.Length || end == start + 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text) => text switch
    {
        [_, 's' or 't' or 'm' or 'd', ..] => 2,
        [_, 'r' or 'v', 'e', ..] => 3,
        [_, 'l', 'l', ..] => 3,
        _ => 0,
    };
}
