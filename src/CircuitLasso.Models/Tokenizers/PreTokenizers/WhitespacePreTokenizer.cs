using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Runs of word characters and runs of other characters, without the white space between them: <c>\w+|[^\w\s]+</c> (type "Whitespace").
/// </summary>
internal sealed class WhitespacePreTokenizer : IPreTokenizer
{
    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component) => new WhitespacePreTokenizer();

    /// <inheritdoc/>
    public PreTokenizedText PreTokenize(PreTokenizedText input)
    {
        PreTokenizedText result = new(input.Text);
        foreach (Piece piece in input.Pieces)
        {
            if (!piece.IsText)
            {
                result.AddToken(piece);
                continue;
            }

            int start = piece.Start;
            int position = piece.Start;
            bool? runIsWord = null;
            foreach (Rune rune in input.Text.Characters.Slice(piece.Start, piece.Length).EnumerateRunes())
            {
                bool? isWord = UnicodeClasses.IsWhiteSpace(rune) ? null : UnicodeClasses.IsWord(rune);
                if (isWord != runIsWord)
                {
                    result.Add(start, runIsWord is null ? 0 : position - start);
                    start = position;
                    runIsWord = isWord;
                }

                position += rune.Utf16SequenceLength;
            }

            result.Add(start, runIsWord is null ? 0 : position - start);
        }

        return result;
    }
}
