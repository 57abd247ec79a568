using System.Globalization;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>
/// Turns runs of byte tokens, <c>&lt;0xE2&gt;</c>, into the characters that they spell; a run that is not UTF-8 becomes U+FFFD for each byte
/// (type "ByteFallback").
/// </summary>
internal sealed class ByteFallbackDecoder : IDecoder
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) => new ByteFallbackDecoder();

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        List<string> result = new(tokens.Count);
        List<byte> bytes = [];
        foreach (string token in tokens)
        {
            if (ByteOf(token) is { } value)
            {
                bytes.Add(value);
                continue;
            }

            Flush(bytes, result);
            result.Add(token);
        }

        Flush(bytes, result);
        return result;
    }

    /// <inheritdoc/>
    public string Show(string token) => ByteOf(token) is { } value && char.IsAscii((char)value) ? ((char)value).ToString() : token;

    private static byte? ByteOf(string token) =>
        token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;

    private static void Flush(List<byte> bytes, List<string> result)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        try
        {
            result.Add(_strict.GetString([.. bytes]));
        }
        catch (DecoderFallbackException)
        {
            result.Add(new string('\uFFFD', bytes.Count));
        }

        bytes.Clear();
    }
}
