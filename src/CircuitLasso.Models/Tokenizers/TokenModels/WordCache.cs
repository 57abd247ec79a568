using System.Runtime.InteropServices;

namespace CircuitLasso.Models;

/// <summary>
/// The tokens of words that were met before. Holds at most 32,768 words of at most 32 characters (a few megabytes; at the very worst 20), newer ones
/// in the place of older ones. Safe for use by several threads without a lock: entries do not change, and a lost one is only made again.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer words are not kept: they seldom come again.</summary>
    public const int LongestWord = 32;

    private const int SetBits = 14;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    // Two places a set, the newer entry first.
    private readonly Entry?[] _entries = new Entry?[2 << SetBits];

    /// <summary>Where the entries of a word are looked for.</summary>
    public static int SetOf(ReadOnlySpan<char> word)
    {
        ulong hash = (ulong)word.Length;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(word);
        while (bytes.Length >= sizeof(ulong))
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(bytes)) * Multiplier;
            hash ^= hash >> 32;
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (char character in MemoryMarshal.Cast<byte, char>(bytes))
        {
            hash = (hash ^ character) * Multiplier;
        }

        return (int)(hash >> (64 - SetBits)) * 2;
    }

    /// <summary>The tokens of a word, their places counted from its start; null where it is not known.</summary>
    /// <param name="word">The word.</param>
    /// <param name="set">Its <see cref="SetOf"/>.</param>
    public TokenSpan[]? Find(ReadOnlySpan<char> word, int set)
    {
        Entry? first = _entries[set];
        if (first is not null && word.SequenceEqual(first.Word))
        {
            return first.Tokens;
        }

        Entry? second = _entries[set + 1];
        return second is not null && word.SequenceEqual(second.Word) ? second.Tokens : null;
    }

    /// <summary>Keeps the tokens of a word.</summary>
    public void Add(ReadOnlySpan<char> word, int set, TokenSpan[] tokens)
    {
        Entry entry = new(word.ToString(), tokens);
        Volatile.Write(ref _entries[set + 1], _entries[set]);
        Volatile.Write(ref _entries[set], entry);
    }

    private sealed record Entry(string Word, TokenSpan[] Tokens);
}
