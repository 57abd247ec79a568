using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Byte-pair encoding (type "BPE"): characters become tokens, and neighbouring tokens merge in the order that the vocabulary was learnt in.
/// </summary>
/// <remarks>
/// A character that is not in the vocabulary becomes its UTF-8 bytes ("byte_fallback"), else the unknown token, else nothing at all, as in
/// Hugging Face's tokenizers. Tokenizers without a pre-tokenizer (Llama-2, Gemma) see a text as one piece; it is cut before every visible space that no
/// merge can join to the character before it, which changes no token and makes words of it, whose tokens are remembered.
/// </remarks>
internal sealed class BytePairModel : ITokenModel
{
    private const char VisibleSpace = '\u2581';

    private readonly BytePairMerges _merges;
    private readonly WordCache _cache = new();

    // By UTF-16 unit: whether a visible space after it starts a new word. Null where none ever does.
    private readonly bool[]? _endsWord;
    private readonly int? _unknownId;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly int[]? _idOfByte;

    private BytePairModel(
        Vocabulary vocabulary, BytePairMerges merges, bool[]? endsWord, int? unknownId, bool fuseUnknown, bool ignoreMerges, int[]? idOfByte)
    {
        Vocabulary = vocabulary;
        _merges = merges;
        _endsWord = endsWord;
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

        BytePairMerges merges = ReadMerges(ReadLines(component.Required("merges")), vocabulary, out bool[]? endsWord);
        return new BytePairModel(
            vocabulary,
            merges,
            endsWord,
            unknownId,
            component.Flag("fuse_unk", otherwise: false),
            component.Flag("ignore_merges", otherwise: false),
            component.Flag("byte_fallback", otherwise: false) ? ByteTokens(vocabulary) : null);
    }

    /// <summary>The model of a vocabulary and its merges in order, with no other settings.</summary>
    /// <exception cref="Numerics.InputException">A merge names a token that is not in the vocabulary.</exception>
    public static BytePairModel OfLines(Vocabulary vocabulary, IEnumerable<BytePairLine> lines) =>
        new(vocabulary, ReadMerges(lines, vocabulary, out bool[]? endsWord), endsWord, null, fuseUnknown: false, ignoreMerges: false, null);

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
                for (int start = 0; start < text.Length;)
                {
                    int end = EndOfWord(text, start);
                    TokenizeWord(text[start..end], piece.Start + start, merger, tokens);
                    start = end;
                }
            }
        }
    }

    private int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        if (_endsWord is not null)
        {
            for (int end = start + 1; end < text.Length; end++)
            {
                if (text[end] == VisibleSpace && _endsWord[text[end - 1]])
                {
                    return end;
                }
            }
        }

        return text.Length;
    }

    private void TokenizeWord(ReadOnlySpan<char> word, int start, BytePairMerger merger, List<TokenSpan> tokens)
    {
        if (word.Length > WordCache.LongestWord)
        {
            AddCharacters(word, start, merger);
            merger.Finish(tokens);
            return;
        }

        int set = WordCache.SetOf(word);
        if (_cache.Find(word, set) is { } known)
        {
            foreach (TokenSpan token in known)
            {
                tokens.Add(new TokenSpan(token.Id, start + token.Start, token.Length));
            }

            return;
        }

        int before = tokens.Count;
        AddCharacters(word, start, merger);
        merger.Finish(tokens);
        TokenSpan[] found = new TokenSpan[tokens.Count - before];
        for (int i = 0; i < found.Length; i++)
        {
            TokenSpan token = tokens[before + i];
            found[i] = token with { Start = token.Start - start };
        }

        _cache.Add(word, set, found);
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

    private static IEnumerable<BytePairLine> ReadLines(JsonSection section)
    {
        foreach (JsonSection item in section.Items())
        {
            if (item.IsText && item.Text().StartsWith("#version", StringComparison.Ordinal))
            {
                // The first line of the older format, a text file of merges, came along into some files.
                continue;
            }

            (string left, string right) = ReadPair(item);
            yield return new BytePairLine(left, right, problem => item.Error(problem));
        }
    }

    private static BytePairMerges ReadMerges(IEnumerable<BytePairLine> lines, Vocabulary vocabulary, out bool[]? endsWord)
    {
        BytePairMerges merges = new();
        endsWord = WordEnds(vocabulary);
        int rank = 0;
        foreach (BytePairLine line in lines)
        {
            string joined = line.Left + line.Right;

            // A pair that is listed twice counts where it is listed last, as in Hugging Face's tokenizers.
            merges.Set(Find(line.Left), Find(line.Right), new BytePairMerge(rank++, Find(joined)));
            JoinWords(joined, endsWord);

            int Find(string token) =>
                vocabulary.TryGetId(token, out int id) ? id : throw line.Bad($"merges to or from \"{token}\", which is not in the vocabulary");
        }

        return merges;
    }

    // Characters that are tokens: any other may become bytes, the unknown token or nothing, and is then not what stands before the space.
    private static bool[]? WordEnds(Vocabulary vocabulary)
    {
        if (!vocabulary.TryGetId([VisibleSpace], out _))
        {
            return null;
        }

        bool[] ends = new bool[char.MaxValue + 1];
        for (int unit = 0; unit < ends.Length; unit++)
        {
            ends[unit] = vocabulary.TryGetId([(char)unit], out _);
        }

        return ends;
    }

    // A merged token in which a space follows a character: they are not to be cut apart.
    private static void JoinWords(string token, bool[]? endsWord)
    {
        if (endsWord is null)
        {
            return;
        }

        for (int i = token.LastIndexOf(VisibleSpace); i > 0; i = token.LastIndexOf(VisibleSpace, i - 1))
        {
            endsWord[token[i - 1]] = false;
        }
    }

    private static (string Left, string Right) ReadPair(JsonSection merge)
    {
        string[] parts = merge.IsText ? merge.Text().Split(' ') : [.. merge.Items().Take(3).Select(part => part.Text())];
        return parts is [var left, var right] ? (left, right) : throw merge.Error("is not a pair of tokens");
    }
}
