using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Real tokenizers against ids and texts that Hugging Face's own library recorded.</summary>
public sealed class RecordedIdsTests
{
    public static TheoryData<string, string> Tokenizers { get; } = new()
    {
        { "stories260k", "ids-stories260k.json" },
        { "tinystories-656k", "ids-tinystories-656k.json" },
        { "tokenizers/gpt2", "ids-gpt2.json" },
        { "tokenizers/gpt_neox", "ids-gpt_neox.json" },
    };

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Ids_are_those_of_Hugging_Face(string folder, string recorded)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require(folder.Split('/')));
        List<Row> rows = Read(recorded);
        Assert.Equal(250, rows.Count);
        foreach (Row row in rows)
        {
            Assert.True(row.Ids.SequenceEqual(tokenizer.Encode(row.Text)), $"{row.Text}: [{string.Join(",", tokenizer.Encode(row.Text))}] and not [{string.Join(",", row.Ids)}]");
        }
    }

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Decoded_text_is_that_of_Hugging_Face(string folder, string recorded)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require(folder.Split('/')));
        foreach (Row row in Read(recorded))
        {
            Assert.Equal(row.Decoded, tokenizer.Decode(row.Ids, skipSpecialTokens: true));
            Assert.Equal(row.DecodedAll ?? row.Decoded, tokenizer.Decode(row.Ids));
        }
    }

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Offsets_cover_the_text_in_order(string folder, string recorded)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require(folder.Split('/')));
        foreach (Row row in Read(recorded))
        {
            TokenSpan[] spans = tokenizer.EncodeWithOffsets(row.Text);
            Assert.Equal(row.Ids, spans.Select(span => span.Id));
            int covered = 0;
            foreach (TokenSpan span in spans)
            {
                Assert.True(span.Start <= covered, $"a gap before {span} in {row.Text}");
                Assert.InRange(span.Start + span.Length, covered, row.Text.Length);
                covered = span.Start + span.Length;
            }

            Assert.Equal(row.Text.Length, covered);
        }
    }

    private static List<Row> Read(string recorded)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("tokenizers", recorded)));
        return [.. document.RootElement.EnumerateArray().Select(row => new Row(
            row.GetProperty("text").GetString()!,
            [.. row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())],
            row.GetProperty("decoded").GetString()!,
            row.TryGetProperty("decoded_all", out JsonElement all) ? all.GetString() : null))];
    }

    private sealed record Row(string Text, int[] Ids, string Decoded, string? DecodedAll);
}
