namespace CircuitLasso.Models;

/// <summary>A part of the user's text, in UTF-16 units: from <paramref name="Start"/> up to but not including <paramref name="End"/>.</summary>
internal readonly record struct Origin(int Start, int End)
{
    /// <summary>The smallest part that covers both.</summary>
    public Origin Union(Origin other) => new(Math.Min(Start, other.Start), Math.Max(End, other.End));
}
