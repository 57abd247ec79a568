namespace CircuitLasso.Models;

/// <summary>The runs of characters between white space (type "WhitespaceSplit").</summary>
internal sealed class WhitespaceSplitPreTokenizer : IPreTokenizer
{
    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component) => new WhitespaceSplitPreTokenizer();

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

            ReadOnlySpan<char> text = input.Text.Characters;
            int start = piece.Start;
            int end = piece.Start + piece.Length;

            // All white space is below U+FFFF, so one unit is one character.
            for (int i = start; i < end; i++)
            {
                if (char.IsWhiteSpace(text[i]))
                {
                    result.Add(start, i - start);
                    start = i + 1;
                }
            }

            result.Add(start, end - start);
        }

        return result;
    }
}
