namespace CircuitLasso;

/// <summary>Orders node names as people do: runs of digits by their number (<c>a2.h9</c> before <c>a2.h10</c>), everything else by code unit.</summary>
public sealed class NodeNameOrder : IComparer<string>
{
    private NodeNameOrder()
    {
    }

    /// <summary>The one instance; thread-safe.</summary>
    public static NodeNameOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        if (x is null || y is null)
        {
            return string.CompareOrdinal(x, y);
        }

        int i = 0;
        int j = 0;
        while (i < x.Length && j < y.Length)
        {
            int order;
            if (char.IsAsciiDigit(x[i]) && char.IsAsciiDigit(y[j]))
            {
                ReadOnlySpan<char> left = Digits(x, ref i);
                ReadOnlySpan<char> right = Digits(y, ref j);
                order = left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
            }
            else
            {
                order = x[i++].CompareTo(y[j++]);
            }

            if (order != 0)
            {
                return order;
            }
        }

        int rest = (x.Length - i).CompareTo(y.Length - j);
        return rest != 0 ? rest : string.CompareOrdinal(x, y);
    }

    // Leading zeros do not count, so that numbers of any length compare by length and then by digit.
    private static ReadOnlySpan<char> Digits(string text, ref int position)
    {
        int start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        return text.AsSpan(start, position - start).TrimStart('0');
    }
}
