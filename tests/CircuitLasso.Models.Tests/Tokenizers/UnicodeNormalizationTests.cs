using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class UnicodeNormalizationTests
{
    // SHA-256 of the lines "CODEPOINT=RESULT..." of all characters that change, made with Python's unicodedata (Unicode 14).
    [Theory]
    [InlineData("NFC", "e1f6691b5bac0067597e6c53d4b7fb0fd7e056823e67fbb40256270c27b5f0cc")]
    [InlineData("NFD", "9b463ba77f06679900293551af2836c015e49e96864d8d076c014972c42c601e")]
    [InlineData("NFKC", "d3096dd716674bbfb7d73cf21521d9b187cdaf413142f22df8ab06b2d4fce866")]
    [InlineData("NFKD", "4f34628c371fce398d8461f400ef26ecc60cbfb7c6b6b97cc04ed4378f794a29")]
    public void Every_single_character_normalizes_as_in_Python(string form, string digest) =>
        Assert.Equal(digest, DigestOfAllCharacters($$"""{"type":"{{form}}"}"""));

    [Fact]
    public void Every_single_character_has_the_lower_case_of_Python() =>
        Assert.Equal("76e60068ceee8b01280cabee103ddfaf22795add882f694a2035009ba5dadc69", DigestOfAllCharacters("""{"type":"Lowercase"}"""));

    [Fact]
    public void Sequences_of_marks_and_syllables_normalize_as_in_Python()
    {
        string path = Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Tokenizers", "unicode-normalization-samples.txt");
        string[] lines = [.. File.ReadLines(path).Skip(1)];
        Assert.Equal(400, lines.Length);
        foreach (string line in lines)
        {
            string[] texts = [.. line.Split(';').Select(FromHexadecimal)];
            Assert.Equal(texts[1], TinyTokenizer.Normalize("""{"type":"NFC"}""", texts[0]));
            Assert.Equal(texts[2], TinyTokenizer.Normalize("""{"type":"NFD"}""", texts[0]));
            Assert.Equal(texts[3], TinyTokenizer.Normalize("""{"type":"NFKC"}""", texts[0]));
            Assert.Equal(texts[4], TinyTokenizer.Normalize("""{"type":"NFKD"}""", texts[0]));
        }
    }

    [Fact]
    public void A_long_run_of_unsorted_marks_is_sorted()
    {
        string text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 50_000));
        string expected = "\u1EA1" + new string('\u0323', 49_999) + new string('\u0301', 50_000);
        Assert.Equal(expected, TinyTokenizer.Normalize("""{"type":"NFC"}""", text));
    }

    private static string DigestOfAllCharacters(string normalizer)
    {
        INormalizer component = TokenizerComponents.ReadNormalizer(TinyTokenizer.Section(normalizer));
        StringBuilder lines = new();
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            if (!Rune.IsValid(value) || IsYoungerThanUnicode14(value))
            {
                continue;
            }

            string text = new Rune(value).ToString();
            string result = component.Normalize(AlignedText.From(text, "tokenizer.json")).Characters.ToString();
            if (result != text)
            {
                lines.Append(CultureInfo.InvariantCulture, $"{value:X}={string.Join(' ', result.EnumerateRunes().Select(rune => $"{rune.Value:X}"))}\n");
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }

    // Letters that .NET knows the lower case of and Python 3.11 does not.
    private static bool IsYoungerThanUnicode14(int value) => value is 0x1C89 or (>= 0xA7CB and <= 0xA7DC and not 0xA7D0 and not 0xA7D6 and not 0xA7D8) or (>= 0x10D50 and <= 0x10D65);

    private static string FromHexadecimal(string codePoints) =>
        string.Concat(codePoints.Split(' ').Select(code => new Rune(int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()));
}
