using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Every piece is one token (type "WordLevel").</summary>
internal sealed class WordLevelModel : ITokenModel
{
    private readonly string _file;
    private readonly int? _unknownId;

    private WordLevelModel(string file, Vocabulary vocabulary, int? unknownId)
    {
        _file = file;
        Vocabulary = vocabulary;
        _unknownId = unknownId;
    }

    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; }

    /// <summary>Reads the component.</summary>
    public static ITokenModel Read(JsonSection component)
    {
        Vocabulary vocabulary = Vocabulary.Read(component.Required("vocab"));
        return new WordLevelModel(component.File, vocabulary, vocabulary.TryGetId(component.Required("unk_token").Text(), out int id) ? id : null);
    }

    /// <inheritdoc/>
    public void Tokenize(PreTokenizedText input, List<TokenSpan> tokens)
    {
        foreach (Piece piece in input.Pieces)
        {
            ReadOnlySpan<char> word = input.Text.Characters.Slice(piece.Start, piece.Length);
            int id = !piece.IsText ? piece.AddedTokenId
                : Vocabulary.TryGetId(word, out int known) ? known
                : _unknownId ?? throw new InputException(
                    _file,
                    $"it has neither the word \"{word}\" nor a token for unknown words",
                    "keep to the words of the vocabulary");
            tokens.Add(new TokenSpan(id, piece.Start, piece.Length));
        }
    }
}
