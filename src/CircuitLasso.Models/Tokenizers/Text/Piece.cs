namespace CircuitLasso.Models;

/// <summary>A part of an <see cref="AlignedText"/> that the token model sees on its own, or an added token that it never sees.</summary>
/// <param name="Start">Index of the first UTF-16 unit.</param>
/// <param name="Length">Number of UTF-16 units.</param>
/// <param name="AddedTokenId">The id of the added token that this is, or <see cref="NoToken"/>.</param>
internal readonly record struct Piece(int Start, int Length, int AddedTokenId = Piece.NoToken)
{
    /// <summary>Marks a piece of ordinary text.</summary>
    public const int NoToken = -1;

    /// <summary>Whether this is ordinary text, still to be split and looked up.</summary>
    public bool IsText => AddedTokenId == NoToken;
}
