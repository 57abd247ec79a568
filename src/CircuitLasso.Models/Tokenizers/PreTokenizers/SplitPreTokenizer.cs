namespace CircuitLasso.Models;

/// <summary>Splits at the matches of a pattern, or at what lies between them (type "Split").</summary>
internal sealed class SplitPreTokenizer(ITextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component)
    {
        JsonSection name = component.Required("behavior");
        SplitBehavior behavior = name.Text() switch
        {
            nameof(SplitBehavior.Removed) => SplitBehavior.Removed,
            nameof(SplitBehavior.Isolated) => SplitBehavior.Isolated,
            nameof(SplitBehavior.MergedWithPrevious) => SplitBehavior.MergedWithPrevious,
            nameof(SplitBehavior.MergedWithNext) => SplitBehavior.MergedWithNext,
            nameof(SplitBehavior.Contiguous) => SplitBehavior.Contiguous,
            _ => throw name.Error($"is \"{name.Text()}\", which is no behavior of a Split"),
        };
        return new SplitPreTokenizer(TextPattern.Read(component), behavior, component.Required("invert").Flag());
    }

    /// <inheritdoc/>
    public PreTokenizedText PreTokenize(PreTokenizedText input)
    {
        PreTokenizedText result = new(input.Text);
        List<Origin> matches = [];
        List<Origin> pieces = [];
        foreach (Piece piece in input.Pieces)
        {
            if (!piece.IsText)
            {
                result.AddToken(piece);
                continue;
            }

            matches.Clear();
            pieces.Clear();
            pattern.FindMatches(input.Text.Characters.Slice(piece.Start, piece.Length), matches);
            Split(piece.Length, matches, behavior, invert, pieces);
            foreach (Origin part in pieces)
            {
                result.Add(piece.Start + part.Start, part.End - part.Start);
            }
        }

        return result;
    }

    /// <summary>The pieces of a text of a given length, from the matches in it; some may be empty.</summary>
    internal static void Split(int length, List<Origin> matches, SplitBehavior behavior, bool invert, List<Origin> pieces)
    {
        bool previousIsMatch = false;
        int position = 0;
        foreach (Origin match in matches)
        {
            if (match.Start > position)
            {
                Add(new Origin(position, match.Start), invert);
            }

            Add(match, !invert);
            position = match.End;
        }

        if (length > position)
        {
            Add(new Origin(position, length), invert);
        }

        void Add(Origin part, bool isMatch)
        {
            bool joins = behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !previousIsMatch,
                SplitBehavior.MergedWithNext => previousIsMatch && !isMatch,
                SplitBehavior.Contiguous => previousIsMatch == isMatch,
                _ => false,
            };
            previousIsMatch = isMatch;
            if (joins && pieces.Count > 0)
            {
                pieces[^1] = pieces[^1].Union(part);
            }
            else if (!(behavior == SplitBehavior.Removed && isMatch))
            {
                pieces.Add(part);
            }
        }
    }
}
