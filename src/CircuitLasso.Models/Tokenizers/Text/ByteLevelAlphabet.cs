using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// The 256 printable characters that byte-level vocabularies are written in (GPT-2's <c>bytes_to_unicode</c>): printable Latin-1 bytes stand
/// for themselves, the other bytes, in order, are U+0100, U+0101 and so on. A space is <c>Ġ</c>, a line feed <c>Ċ</c>.
/// </summary>
internal static class ByteLevelAlphabet
{
    private const int FirstStandIn = 0x100;
    private static readonly char[] _characterOfByte = MakeAlphabet();
    private static readonly short[] _byteOfCharacter = Invert(_characterOfByte);

    /// <summary>The characters that stand for the bytes below 128, which are the ASCII characters of the same value.</summary>
    public static ReadOnlySpan<char> OfAscii => _characterOfByte.AsSpan(0, 128);

    /// <summary>The character that stands for a byte.</summary>
    public static char CharacterOf(byte value) => _characterOfByte[value];

    /// <summary>The bytes that a token stands for; the token's own UTF-8 where it holds a character outside the alphabet.</summary>
    public static void AppendBytes(string token, List<byte> bytes)
    {
        int before = bytes.Count;
        foreach (char character in token)
        {
            if (character >= _byteOfCharacter.Length || _byteOfCharacter[character] < 0)
            {
                bytes.RemoveRange(before, bytes.Count - before);
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
                return;
            }

            bytes.Add((byte)_byteOfCharacter[character]);
        }
    }

    private static char[] MakeAlphabet()
    {
        char[] alphabet = new char[256];
        int next = FirstStandIn;
        for (int value = 0; value < alphabet.Length; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            alphabet[value] = (char)(printable ? value : next++);
        }

        return alphabet;
    }

    private static short[] Invert(char[] alphabet)
    {
        short[] inverse = new short[alphabet.Max() + 1];
        Array.Fill(inverse, (short)-1);
        for (int value = 0; value < alphabet.Length; value++)
        {
            inverse[alphabet[value]] = (short)value;
        }

        return inverse;
    }
}
