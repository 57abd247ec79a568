using System.Text.Json;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>The texts and the tokenizer of <see cref="FeatureCollectionBenchmark"/>, in a folder of its own: lines of a file, or words drawn by chance.</summary>
internal static class BenchmarkTexts
{
    private const int Words = 50257;

    // Percentiles of the lengths of CoLA's 8,551 training sentences in tokens of GPT-2: the middle of each hundredth, mean 9.4 as theirs.
    private static readonly int[] _lengths =
    [
        3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 15, 15, 16, 16, 17, 18, 19, 20, 21, 25,
    ];

    /// <summary>Writes <c>texts.tsv</c>: as many lines of the file, evenly spaced, or generated ones (a label, then the words).</summary>
    /// <returns>The texts with their columns.</returns>
    public static TextSource Write(string folder, Options options)
    {
        string path = Path.Combine(folder, "texts.tsv");
        if (options.Text is { } file)
        {
            string[] lines = [.. File.ReadLines(file).Where(line => line.Length > 0)];
            int count = Math.Min(options.Sentences, lines.Length);
            File.WriteAllLines(path, Enumerable.Range(0, count).Select(i => lines[(int)((long)i * lines.Length / count)]));
            return TextSource.Open(path, new TextOptions { TextColumn = options.TextColumn ?? "4", LabelColumn = options.LabelColumn ?? "2", HasHeader = false });
        }

        RandomSource random = new(7);
        File.WriteAllLines(path, Enumerable.Range(0, options.Sentences).Select(_ =>
            $"{random.NextInt32(2)}\t{string.Join(' ', Enumerable.Range(0, _lengths[random.NextInt32(_lengths.Length)]).Select(_ => "w" + random.NextInt32(Words)))}"));
        return TextSource.Open(path, new TextOptions { TextColumn = "2", LabelColumn = "1", HasHeader = false });
    }

    /// <summary>Writes a tokenizer to which every word of the texts is a token.</summary>
    public static void WriteTokenizer(string folder, TextSource texts)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal) { ["<unknown>"] = 0 };
        foreach (string word in texts.ReadRows().SelectMany(row => row.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
        {
            if (ids.Count < Words)
            {
                ids.TryAdd(word, ids.Count);
            }
        }

        object tokenizer = new
        {
            pre_tokenizer = new { type = "WhitespaceSplit" },
            model = new { type = "WordLevel", vocab = ids, unk_token = "<unknown>" },
        };
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.json"), JsonSerializer.SerializeToUtf8Bytes(tokenizer));
    }
}
