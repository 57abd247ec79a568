using System.Buffers;
using System.Text;

namespace CircuitLasso.Models;

/// <summary>Turns the tokens' characters back into bytes and those into one text; bytes that are not UTF-8 become U+FFFD (type "ByteLevel").</summary>
internal sealed class ByteLevelDecoder : IDecoder
{
    /// <summary>Reads the component.</summary>
    public static IDecoder Read(JsonSection component) => new ByteLevelDecoder();

    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        List<byte> bytes = [];
        foreach (string token in tokens)
        {
            ByteLevelAlphabet.AppendBytes(token, bytes);
        }

        return [Encoding.UTF8.GetString([.. bytes])];
    }

    /// <inheritdoc/>
    public string Show(string token)
    {
        List<byte> bytes = [];
        ByteLevelAlphabet.AppendBytes(token, bytes);
        StringBuilder result = new();
        ReadOnlySpan<byte> rest = bytes.ToArray();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int consumed) == OperationStatus.Done)
            {
                result.Append(rune.ToString());
            }
            else
            {
                foreach (byte value in rest[..consumed])
                {
                    result.Append($"<0x{value:X2}>");
                }
            }

            rest = rest[consumed..];
        }

        return result.ToString();
    }
}
