namespace CircuitLasso.Models;

/// <summary>Writes spaces as a visible character, puts one before the text, and splits before each (type "Metaspace").</summary>
internal sealed class MetaspacePreTokenizer(string replacement, PrependScheme prepend, bool split) : IPreTokenizer
{
    private readonly LiteralPattern _replacement = new(replacement);

    /// <inheritdoc/>
    public bool ReadsOrigins => prepend == PrependScheme.First;

    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component) => new MetaspacePreTokenizer(
        component.Required("replacement").Character(),
        MetaspaceSettings.ReadPrependScheme(component),
        component.Flag("split", otherwise: true));

    /// <inheritdoc/>
    public PreTokenizedText PreTokenize(PreTokenizedText input)
    {
        AlignedText source = input.Text;
        PreTokenizedText result = new(source.NewEmpty());
        List<Origin> matches = [];
        List<Origin> pieces = [];
        foreach (Piece piece in input.Pieces)
        {
            int start = result.Text.Length;
            if (!piece.IsText)
            {
                result.AddToken(piece with { Start = start });
                result.Text.Append(source, piece.Start, piece.Length);
                continue;
            }

            Rewrite(source, piece, result.Text);
            int length = result.Text.Length - start;
            if (!split)
            {
                result.Add(start, length);
                continue;
            }

            matches.Clear();
            pieces.Clear();
            _replacement.FindMatches(result.Text.Characters.Slice(start, length), matches);
            SplitPreTokenizer.Split(length, matches, SplitBehavior.MergedWithNext, invert: false, pieces);
            foreach (Origin part in pieces)
            {
                result.Add(start + part.Start, part.End - part.Start);
            }
        }

        return result;
    }

    private void Rewrite(AlignedText source, Piece piece, AlignedText result)
    {
        ReadOnlySpan<char> text = source.Characters.Slice(piece.Start, piece.Length);
        bool startsWithSpace = text[0] == ' ' || text.StartsWith(replacement, StringComparison.Ordinal);
        bool wanted = prepend == PrependScheme.Always || (prepend == PrependScheme.First && source.OriginOf(piece.Start).Start == 0);
        if (wanted && !startsWithSpace)
        {
            result.Append(replacement, source.OriginOf(piece.Start, 0));
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ' ')
            {
                result.Append(replacement, source.OriginOf(piece.Start + i));
            }
            else
            {
                result.Append(source, piece.Start + i, 1);
            }
        }
    }
}
