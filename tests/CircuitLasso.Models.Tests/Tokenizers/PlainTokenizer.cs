using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CircuitLasso.Models.Tests;

/// <summary>
/// A slow twin of <see cref="Tokenizer"/> for byte-pair encodings, written from the format's description alone: every character is an object with
/// its place in the text, words come from .NET's regular expressions, and merging compares all pairs of strings at every step.
/// </summary>
internal sealed class PlainTokenizer
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<(string, string), int> _ranks = [];
    private readonly List<(string Content, int Id)> _added = [];
    private readonly JsonElement _root;
    private readonly Regex? _words;
    private readonly bool _byteLevel;

    public PlainTokenizer(string file)
    {
        _root = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
        JsonElement model = _root.GetProperty("model");
        _vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetInt32());
        foreach (JsonElement merge in model.GetProperty("merges").EnumerateArray())
        {
            string[] pair = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ') : [merge[0].GetString()!, merge[1].GetString()!];
            _ranks[(pair[0], pair[1])] = _ranks.Count;
        }

        foreach (JsonElement token in _root.GetProperty("added_tokens").EnumerateArray())
        {
            _added.Add((token.GetProperty("content").GetString()!, token.GetProperty("id").GetInt32()));
        }

        string text = _root.GetProperty("pre_tokenizer").GetRawText();
        _byteLevel = text.Contains("\"ByteLevel\"", StringComparison.Ordinal);
        using JsonDocument preTokenizer = JsonDocument.Parse(text);
        string? expression = !_byteLevel ? null : preTokenizer.RootElement.TryGetProperty("pretokenizers", out JsonElement list) ? list[0].GetProperty("pattern").GetProperty("Regex").GetString() : Gpt2;
        _words = expression is null ? null : new Regex(expression, RegexOptions.CultureInvariant);
    }

    /// <summary>Ids without those of the template. The text has to be in NFC where the file asks for it.</summary>
    public List<TokenSpan> Encode(string text)
    {
        List<TokenSpan> tokens = [];
        int start = 0;
        for (int i = 0; i < text.Length;)
        {
            (string content, int id) = _added.Where(token => string.CompareOrdinal(text, i, token.Content, 0, token.Content.Length) == 0).OrderByDescending(token => token.Content.Length).FirstOrDefault();
            if (content is null)
            {
                i++;
                continue;
            }

            EncodePart(text[start..i], start, tokens);
            tokens.Add(new TokenSpan(id, i, content.Length));
            start = i += content.Length;
        }

        EncodePart(text[start..], start, tokens);
        return tokens;
    }

    private static List<Character> Split(string text, int place)
    {
        List<Character> characters = [];
        foreach (Rune rune in text.EnumerateRunes())
        {
            characters.Add(new Character(rune.ToString(), place, rune.Utf16SequenceLength));
            place += rune.Utf16SequenceLength;
        }

        return characters;
    }

    private void EncodePart(string text, int place, List<TokenSpan> tokens)
    {
        if (text.Length == 0)
        {
            return;
        }

        List<Character> characters = Split(text, place);
        if (_byteLevel)
        {
            // .NET's classes are those of UTF-16 units: a letter below U+FFFF stands in for one beyond it.
            string standIns = string.Concat(characters.Select(c => c.Text.Length == 1 ? c.Text[0] : SupplementaryStandIns.Of(Rune.GetRuneAt(c.Text, 0))));
            foreach (Match word in _words!.Matches(standIns))
            {
                Merge([.. characters.GetRange(word.Index, word.Length).SelectMany(Bytes)], tokens);
            }

            return;
        }

        string raw = _root.GetProperty("normalizer").GetRawText() + _root.GetProperty("pre_tokenizer").GetRawText();
        bool startsWithSpace = text[0] is ' ' or '\u2581';
        List<Character> pieces = [.. characters.Select(c => c.Text == " " ? c with { Text = "\u2581" } : c)];
        if (raw.Contains("\"Prepend\"", StringComparison.Ordinal) || (raw.Contains("\"first\"", StringComparison.Ordinal) && place == 0 && !startsWithSpace))
        {
            pieces.Insert(0, new Character("\u2581", place, 0));
        }

        Merge(Fallback(pieces), tokens);
    }

    private static IEnumerable<Character> Bytes(Character character) =>
        Encoding.UTF8.GetBytes(character.Text).Select(value => character with { Text = Alphabet(value).ToString() });

    // GPT-2's alphabet of bytes, from its definition: printable Latin-1 stays, the others follow each other from U+0100 on.
    private static char Alphabet(byte value)
    {
        static bool Printable(int b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        return Printable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(b => !Printable(b)));
    }

    // What is not in the vocabulary becomes its bytes, or, where one of these is not either, part of a run that is unknown.
    private List<Character> Fallback(List<Character> characters)
    {
        List<Character> result = [];
        bool isUnknown = false;
        foreach (Character character in characters)
        {
            string[] bytes = [.. Encoding.UTF8.GetBytes(character.Text).Select(value => $"<0x{value:X2}>")];
            bool wasUnknown = isUnknown;
            isUnknown = !_vocabulary.ContainsKey(character.Text) && !bytes.All(_vocabulary.ContainsKey);
            if (isUnknown && wasUnknown)
            {
                result[^1] = result[^1] with { Length = character.Start + character.Length - result[^1].Start };
            }
            else if (isUnknown)
            {
                result.Add(character with { Text = "<unk>" });
            }
            else
            {
                result.AddRange(_vocabulary.ContainsKey(character.Text) ? [character] : bytes.Select(value => character with { Text = value }));
            }
        }

        return result;
    }

    private void Merge(List<Character> parts, List<TokenSpan> tokens)
    {
        bool ignoresMerges = _root.GetProperty("model").TryGetProperty("ignore_merges", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        if (ignoresMerges && _vocabulary.TryGetValue(string.Concat(parts.Select(part => part.Text)), out int whole))
        {
            tokens.Add(new TokenSpan(whole, parts[0].Start, parts[^1].Start + parts[^1].Length - parts[0].Start));
            return;
        }

        while (true)
        {
            int best = -1;
            int bestRank = int.MaxValue;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                if (_ranks.TryGetValue((parts[i].Text, parts[i + 1].Text), out int rank) && rank < bestRank)
                {
                    (best, bestRank) = (i, rank);
                }
            }

            if (best < 0)
            {
                break;
            }

            Character left = parts[best];
            Character right = parts[best + 1];
            parts[best] = new Character(left.Text + right.Text, left.Start, right.Start + right.Length - left.Start);
            parts.RemoveAt(best + 1);
        }

        tokens.AddRange(parts.Select(part => new TokenSpan(_vocabulary[part.Text], part.Start, part.Length)));
    }

    private sealed record Character(string Text, int Start, int Length);
}
