namespace CircuitLasso;

/// <summary>
/// Which beginnings of sentences are kept out of the training text. A beginning is held out when some initial segment of at least
/// <see cref="FewestWords"/> words has a hash divisible by <see cref="OneIn"/>; so whatever begins with a held-out prefix is held out too, and
/// a training text that skips held-out sentences contains no held-out prefix at all.
/// </summary>
internal static class HeldOutPrefixes
{
    /// <summary>Shorter beginnings are too common to be kept from a model.</summary>
    internal const int FewestWords = 3;

    /// <summary>The share of segments that are held out.</summary>
    internal const int OneIn = 32;

    /// <summary>Whether the words are held out. The hash is 64-bit FNV-1a over the words, each followed by a space, put through SplitMix64's output function.</summary>
    internal static bool Contains(IReadOnlyList<string> words)
    {
        ulong hash = 14695981039346656037UL;
        for (int i = 0; i < words.Count; i++)
        {
            foreach (char letter in words[i])
            {
                hash = (hash ^ letter) * 1099511628211UL;
            }

            hash = (hash ^ ' ') * 1099511628211UL;
            if (i + 1 >= FewestWords && SplitMix64.Mix(hash) % OneIn == 0)
            {
                return true;
            }
        }

        return false;
    }
}
