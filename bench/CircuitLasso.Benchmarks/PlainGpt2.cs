using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// GPT-2's tokenizer written from its description with nothing clever in it: words by a compiled regular expression, bytes, and merges by looking at all neighbouring pairs
/// of a word at every step, nothing remembered. (A byte-level alphabet of .NET's \p{L} takes no letter beyond U+FFFF for one, which English text does not have.)
/// </summary>
internal sealed partial class PlainGpt2
{
    private readonly Dictionary<(int, int), (int Rank, int Id)> _merges = [];
    private readonly int[] _idOfByte = new int[256];

    public PlainGpt2(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        JsonElement model = document.RootElement.GetProperty("model");
        Dictionary<string, int> vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetInt32());
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            _idOfByte[value] = vocabulary[((char)(printable ? value : next++)).ToString()];
        }

        foreach (JsonElement merge in model.GetProperty("merges").EnumerateArray())
        {
            string[] pair = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ') : [merge[0].GetString()!, merge[1].GetString()!];
            _merges[(vocabulary[pair[0]], vocabulary[pair[1]])] = (_merges.Count, vocabulary[pair[0] + pair[1]]);
        }
    }

    /// <summary>The ids of a text.</summary>
    public List<int> Encode(string text)
    {
        List<int> ids = [];
        List<int> word = [];
        foreach (ValueMatch match in Words().EnumerateMatches(text))
        {
            word.Clear();
            foreach (byte value in Encoding.UTF8.GetBytes(text.Substring(match.Index, match.Length)))
            {
                word.Add(_idOfByte[value]);
            }

            Merge(word);
            ids.AddRange(word);
        }

        return ids;
    }

    private void Merge(List<int> word)
    {
        while (true)
        {
            int best = -1;
            (int Rank, int Id) found = (int.MaxValue, 0);
            for (int i = 0; i + 1 < word.Count; i++)
            {
                if (_merges.TryGetValue((word[i], word[i + 1]), out (int Rank, int Id) merge) && merge.Rank < found.Rank)
                {
                    (best, found) = (i, merge);
                }
            }

            if (best < 0)
            {
                return;
            }

            word[best] = found.Id;
            word.RemoveAt(best + 1);
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
