using System.Diagnostics.CodeAnalysis;

namespace CircuitLasso.Models;

/// <summary>The tokens of a file that stand beside its model: special ones, runs of spaces, words added later.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private readonly AddedTokenTrie _inOriginal;
    private readonly AddedTokenTrie _inNormalized;
    private readonly INormalizer? _normalizer;

    /// <summary>Reads the file's "added_tokens", which may be absent.</summary>
    public AddedTokens(JsonSection? section, Vocabulary vocabulary, INormalizer? normalizer)
    {
        _normalizer = normalizer;
        foreach (JsonSection item in section?.Items() ?? [])
        {
            AddedToken token = AddedToken.Read(item);
            if (vocabulary.TryGetId(token.Content, out int id) ? id != token.Id : vocabulary.TryGetToken(token.Id, out _))
            {
                throw item.Error($"gives \"{token.Content}\" the id {token.Id}, and the model's vocabulary says otherwise");
            }

            if (!_byId.TryAdd(token.Id, token) || !_byContent.TryAdd(token.Content, token))
            {
                throw item.Error($"repeats the id or the content of another added token (\"{token.Content}\", {token.Id})");
            }

            Size = Math.Max(Size, token.Id + 1);
        }

        _inOriginal = new AddedTokenTrie(_byId.Values.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _inNormalized = new AddedTokenTrie(
            _byId.Values.Where(token => token.Normalized).Select(token => (Normalize(token.Content, section!.File), token)));
    }

    /// <summary>Takes tokens that are found in the original text and of which no two are alike.</summary>
    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        foreach (AddedToken token in tokens)
        {
            _byId.Add(token.Id, token);
            _byContent.Add(token.Content, token);
            Size = Math.Max(Size, token.Id + 1);
        }

        _inOriginal = new AddedTokenTrie(tokens.Select(token => (token.Content, token)));
        _inNormalized = new AddedTokenTrie([]);
    }

    /// <summary>One more than the largest id; zero without tokens.</summary>
    public int Size { get; }

    /// <summary>Looks an id up.</summary>
    public bool TryGet(int id, [NotNullWhen(true)] out AddedToken? token) => _byId.TryGetValue(id, out token);

    /// <summary>Looks a content up.</summary>
    public bool TryGet(string content, [NotNullWhen(true)] out AddedToken? token) => _byContent.TryGetValue(content, out token);

    /// <summary>
    /// Cuts the added tokens out of a text and normalizes what lies between them, each part by itself (so that every part gets its own prefix,
    /// where the normalizer puts one).
    /// </summary>
    public PreTokenizedText Extract(AlignedText text)
    {
        PreTokenizedText rough = new(text);
        _inOriginal.Split(text, rough);
        PreTokenizedText result = new(text.NewEmpty());
        foreach (Piece piece in rough.Pieces)
        {
            int start = result.Text.Length;
            if (!piece.IsText)
            {
                result.AddToken(piece with { Start = start });
                result.Text.Append(text, piece.Start, piece.Length);
                continue;
            }

            bool isWhole = piece.Length == text.Length;
            AlignedText part = isWhole ? text : text.Slice(piece.Start, piece.Length);
            part = _normalizer?.Normalize(part) ?? part;
            PreTokenizedText parts = new(part);
            _inNormalized.Split(part, parts);
            if (isWhole)
            {
                return parts;
            }

            result.Text.Append(part, 0, part.Length);
            foreach (Piece inner in parts.Pieces)
            {
                Piece moved = inner with { Start = start + inner.Start };
                if (moved.IsText)
                {
                    result.Add(moved.Start, moved.Length);
                }
                else
                {
                    result.AddToken(moved);
                }
            }
        }

        return result;
    }

    private string Normalize(string content, string file)
    {
        AlignedText text = AlignedText.From(content, file);
        return (_normalizer?.Normalize(text) ?? text).Characters.ToString();
    }
}
