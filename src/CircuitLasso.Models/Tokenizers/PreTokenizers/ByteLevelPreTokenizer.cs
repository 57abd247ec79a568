using System.Text;

namespace CircuitLasso.Models;

/// <summary>Splits into GPT-2's words and writes their UTF-8 bytes in <see cref="ByteLevelAlphabet"/> (type "ByteLevel").</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool splitWords) : IPreTokenizer
{
    /// <summary>Reads the component.</summary>
    public static IPreTokenizer Read(JsonSection component) =>
        new ByteLevelPreTokenizer(component.Required("add_prefix_space").Flag(), component.Flag("use_regex", otherwise: true));

    /// <inheritdoc/>
    public PreTokenizedText PreTokenize(PreTokenizedText input)
    {
        AlignedText source = input.Text;
        PreTokenizedText result = new(source.NewEmpty());
        foreach (Piece piece in input.Pieces)
        {
            if (!piece.IsText)
            {
                result.AddToken(piece with { Start = result.Text.Length });
                result.Text.Append(source, piece.Start, piece.Length);
                continue;
            }

            AlignedText words = source;
            int start = piece.Start;
            int length = piece.Length;
            if (addPrefixSpace && source.Characters[start] != ' ')
            {
                words = source.NewEmpty();
                words.Append(' ', source.OriginOf(start, 0));
                words.Append(source, start, length);
                start = 0;
                length++;
            }

            AppendWords(words, start, length, result);
        }

        return result;
    }

    private void AppendWords(AlignedText source, int start, int length, PreTokenizedText result)
    {
        ReadOnlySpan<char> text = source.Characters.Slice(start, length);
        for (int position = 0; position < length;)
        {
            int end = splitWords ? Gpt2WordScanner.Instance.EndOfWord(text, position) : length;
            int before = result.Text.Length;
            AppendBytes(source, start + position, end - position, result.Text);
            result.Add(before, result.Text.Length - before);
            position = end;
        }
    }

    private static void AppendBytes(AlignedText source, int start, int length, AlignedText result)
    {
        ReadOnlySpan<char> text = source.Characters.Slice(start, length);
        if (Ascii.IsValid(text))
        {
            result.AppendMapped(source, start, length, ByteLevelAlphabet.OfAscii);
            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        int position = start;
        foreach (Rune rune in text.EnumerateRunes())
        {
            Origin origin = source.OriginOf(position);
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                result.Append(ByteLevelAlphabet.CharacterOf(value), origin);
            }

            position += rune.Utf16SequenceLength;
        }
    }
}
