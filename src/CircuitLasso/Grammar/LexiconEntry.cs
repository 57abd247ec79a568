namespace CircuitLasso;

/// <summary>One word form: the word, the lemma it is a form of, and per feature the set of values it fits (a bit mask).</summary>
internal sealed record LexiconEntry(string Word, string Lemma, int[] Masks)
{
    /// <summary>Whether the word fits every value that is given (-1: not given).</summary>
    internal bool Fits(ReadOnlySpan<int> values)
    {
        for (int feature = 0; feature < values.Length; feature++)
        {
            if (values[feature] >= 0 && (Masks[feature] & (1 << values[feature])) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
