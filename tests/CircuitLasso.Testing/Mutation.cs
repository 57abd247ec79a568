namespace CircuitLasso.Testing;

/// <summary>Random damage to the bytes of a valid file.</summary>
public static class Mutation
{
    private static readonly byte[] _telling = [0, 1, 0x7F, 0x80, 0xFF, (byte)'"', (byte)'{', (byte)'[', (byte)'9', (byte)'-', (byte)',', (byte)'\''];

    /// <summary>One to four flips, replacements, insertions, removals, repetitions of a piece, or a truncation.</summary>
    public static byte[] Apply(ReadOnlySpan<byte> valid, Random random)
    {
        List<byte> bytes = [.. valid];
        for (int change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int place = random.Next(bytes.Count);
            switch (random.Next(12))
            {
                case < 5:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case < 8:
                    bytes[place] = _telling[random.Next(_telling.Length)];
                    break;
                case 8:
                    bytes.Insert(place, _telling[random.Next(_telling.Length)]);
                    break;
                case 9:
                    bytes.RemoveRange(place, Math.Min(random.Next(1, 9), bytes.Count - place));
                    break;
                case 10:
                    bytes.InsertRange(place, bytes.GetRange(place, Math.Min(random.Next(1, 30), bytes.Count - place)));
                    break;
                default:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Gives a file other bytes without creating it anew, which takes milliseconds on a busy disk and adds up over thousands of mutations.</summary>
    public static void Overwrite(string path, ReadOnlySpan<byte> bytes)
    {
        using FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.Write);
        stream.Write(bytes);
        stream.SetLength(bytes.Length);
    }
}
