namespace CircuitLasso.Models;

/// <summary>A text cut into pieces, in order. Empty pieces are never kept.</summary>
internal sealed class PreTokenizedText(AlignedText text)
{
    private readonly List<Piece> _pieces = [];

    /// <summary>The text that the pieces are parts of.</summary>
    public AlignedText Text { get; } = text;

    /// <summary>The pieces.</summary>
    public List<Piece> Pieces => _pieces;

    /// <summary>Adds a piece of ordinary text, unless it is empty.</summary>
    public void Add(int start, int length)
    {
        if (length > 0)
        {
            _pieces.Add(new Piece(start, length));
        }
    }

    /// <summary>Adds an added token.</summary>
    public void AddToken(Piece token) => _pieces.Add(token);
}
