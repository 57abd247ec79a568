using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Byte-pair encoding (type "BPE"): characters become tokens, and neighbouring tokens merge in the order that the vocabulary was learnt in.
/// </summary>
/// <remarks>
/// A character that is not in the vocabulary becomes its UTF-8 bytes ("byte_fallback"), else the unknown token, else nothing at all, as in
/// Hugging Face's tokenizers.
/// </remarks>
internal sealed class BytePairModel : ITokenModel
{
    private readonly Dictionary<ulong, BytePairMerge> _merges;
    private readonly int? _unknownId;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly int[]? _idOfByte;

    private BytePairModel(
        Vocabulary vocabulary, Dictionary<ulong, BytePairMerge> merges, int? unknownId, bool fuseUnknown, bool ignoreMerges, int[]? idOfByte)
    {
        Vocabulary = vocabulary;
        _merges = merges;
        _unknownId = unknownId;
        _fuseUnknown = fuseUnknown;
        _ignoreMerges = ignoreMerges;
        _idOfByte = idOfByte;
    }

    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; }

    /// <summary>Reads the component.</summary>
    public static ITokenModel Read(JsonSection component)
    {
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (component.Optional(affix) is { } value && value.Text().Length > 0)
            {
                throw value.Unsupported("is set, which is not supported");
            }
        }

        if (component.Optional("dropout") is { } dropout && dropout.Number() != 0)
        {
            throw dropout.Unsupported("asks for random tokens");
        }

        Vocabulary vocabulary = Vocabulary.Read(component.Required("vocab"));
        int? unknownId = null;
        if (component.Optional("unk_token") is { } unknown)
        {
            unknownId = vocabulary.TryGetId(unknown.Text(), out int id) ? id : throw unknown.Error($"\"{unknown.Text()}\" is not in the vocabulary");
        }

        return new BytePairModel(
            vocabulary,
            ReadMerges(component.Required("merges"), vocabulary),
            unknownId,
            component.Flag("fuse_unk", otherwise: false),
            component.Flag("ignore_merges", otherwise: false),
            component.Flag("byte_fallback", otherwise: false) ? ByteTokens(vocabulary) : null);
    }

    /// <inheritdoc/>
    public void Tokenize(PreTokenizedText input, List<TokenSpan> tokens)
    {
        BytePairMerger merger = new(_merges);
        foreach (Piece piece in input.Pieces)
        {
            ReadOnlySpan<char> text = input.Text.Characters.Slice(piece.Start, piece.Length);
            if (!piece.IsText)
            {
                tokens.Add(new TokenSpan(piece.AddedTokenId, piece.Start, piece.Length));
            }
            else if (_ignoreMerges && Vocabulary.TryGetId(text, out int whole))
            {
                tokens.Add(new TokenSpan(whole, piece.Start, piece.Length));
            }
            else
            {
                AddCharacters(text, piece.Start, merger);
                merger.Finish(tokens);
            }
        }
    }

    private void AddCharacters(ReadOnlySpan<char> text, int start, BytePairMerger merger)
    {
        int unknownStart = -1;
        for (int i = 0; i < text.Length;)
        {
            int length = char.IsHighSurrogate(text[i]) ? 2 : 1;
            ReadOnlySpan<char> character = text.Slice(i, length);
            int place = start + i;
            i += length;
            bool known = Vocabulary.TryGetId(character, out int id);
            bool isBytes = !known && HasByteTokens(character);
            if (unknownStart >= 0 && (known || isBytes || !_fuseUnknown))
            {
                merger.Add(_unknownId!.Value, unknownStart, place);
                unknownStart = -1;
            }

            if (known)
            {
                merger.Add(id, place, place + length);
            }
            else if (isBytes)
            {
                AddBytes(character, place, merger);
            }
            else if (_unknownId is not null && unknownStart < 0)
            {
                unknownStart = place;
            }
        }

        if (unknownStart >= 0)
        {
            merger.Add(_unknownId!.Value, unknownStart, start + text.Length);
        }
    }

    private bool HasByteTokens(ReadOnlySpan<char> character)
    {
        if (_idOfByte is null)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        foreach (byte value in bytes[..Encoding.UTF8.GetBytes(character, bytes)])
        {
            if (_idOfByte[value] < 0)
            {
                return false;
            }
        }

        return true;
    }

    private void AddBytes(ReadOnlySpan<char> character, int place, BytePairMerger merger)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (byte value in bytes[..Encoding.UTF8.GetBytes(character, bytes)])
        {
            merger.Add(_idOfByte![value], place, place + character.Length);
        }
    }

    private static int[] ByteTokens(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            ids[value] = vocabulary.TryGetId($"<0x{value:X2}>", out int id) ? id : -1;
        }

        return ids;
    }

    private static Dictionary<ulong, BytePairMerge> ReadMerges(JsonSection section, Vocabulary vocabulary)
    {
        Dictionary<ulong, BytePairMerge> merges = [];
        int rank = 0;
        foreach (JsonSection item in section.Items())
        {
            if (item.IsText && item.Text().StartsWith("#version", StringComparison.Ordinal))
            {
                // The first line of the older format, a text file of merges, came along into some files.
                continue;
            }

            (string left, string right) = ReadPair(item);
            int leftId = Find(left);
            int rightId = Find(right);

            // A pair that is listed twice counts where it is listed last, as in Hugging Face's tokenizers.
            merges[BytePairMerge.Key(leftId, rightId)] = new BytePairMerge(rank++, Find(left + right));

            int Find(string token) =>
                vocabulary.TryGetId(token, out int id) ? id : throw item.Error($"merges to or from \"{token}\", which is not in the vocabulary");
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonSection merge)
    {
        string[] parts = merge.IsText ? merge.Text().Split(' ') : [.. merge.Items().Take(3).Select(part => part.Text())];
        return parts is [var left, var right] ? (left, right) : throw merge.Error("is not a pair of tokens");
    }
}
