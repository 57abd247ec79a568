using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CircuitLasso.Numerics;

/// <summary>One short text as an .npy array without dimensions, of bytes (S) or of UTF-32 (U): what NumPy makes of a Python string.</summary>
internal static partial class NumPyText
{
    private const int PrefixLength = 10;
    private const int LongestText = 999;

    private static ReadOnlySpan<byte> Prefix => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    /// <summary>The longest entry that can hold one.</summary>
    public const int LongestEntry = PrefixLength + ushort.MaxValue + (4 * LongestText);

    /// <summary>Reads the text; null where the bytes are anything else.</summary>
    public static string? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < PrefixLength || !bytes.StartsWith(Prefix))
        {
            return null;
        }

        int start = PrefixLength + BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (start > bytes.Length)
        {
            return null;
        }

        Match match = Header().Match(Encoding.Latin1.GetString(bytes[PrefixLength..start]));
        if (!match.Success)
        {
            return null;
        }

        string type = match.Groups["type"].Value;
        int length = int.Parse(match.Groups["length"].Value, CultureInfo.InvariantCulture);
        Encoding encoding = type == "|S" ? Encoding.Latin1 : new UTF32Encoding(bigEndian: type == ">U", byteOrderMark: false);
        ReadOnlySpan<byte> data = bytes[start..];
        return data.Length == length * (type == "|S" ? 1 : 4) ? encoding.GetString(data).TrimEnd('\0') : null;
    }

    /// <summary>An ASCII text as numpy.save writes <c>numpy.array(text.encode("ascii"))</c>.</summary>
    public static byte[] ToBytes(string text)
    {
        string header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '|S{text.Length}', 'fortran_order': False, 'shape': (), }}");
        int start = (PrefixLength + header.Length + 1 + 63) / 64 * 64;
        byte[] bytes = new byte[start + text.Length];
        bytes.AsSpan(0, start).Fill((byte)' ');
        Prefix.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(start - PrefixLength));
        Encoding.ASCII.GetBytes(header, bytes.AsSpan(PrefixLength));
        bytes[start - 1] = (byte)'\n';
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(start));
        return bytes;
    }

    [GeneratedRegex(@"^\{'descr': '(?<type>\|S|[<>]U)(?<length>[0-9]{1,3})', 'fortran_order': False, 'shape': \(\),? ?\} *\n?$")]
    private static partial Regex Header();
}
