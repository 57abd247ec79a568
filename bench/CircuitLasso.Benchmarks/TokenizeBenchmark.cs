using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CircuitLasso.Models;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// Megabytes of text a second that one thread turns into token ids, by processor time: the first pass of a tokenizer just loaded, and the best of those after it, beside
/// a plain implementation (where the tokenizer is GPT-2's) and, with <c>--rival</c>, Hugging Face's own.
/// </summary>
internal static class TokenizeBenchmark
{
    private static readonly string[] _texts = ["../shared/data/text/wikitext_1000.json", "../shared/data/text/tinystories_1000.json"];

    public static void Run(string[] arguments)
    {
        Options options = new(arguments);
        string tokenizer = options.Tokenizer ?? "../shared/data/tokenizers/gpt2";
        string file = Directory.Exists(tokenizer) ? Path.Combine(tokenizer, "tokenizer.json") : tokenizer;
        Console.WriteLine($"{file}; MB of UTF-8 a second of processor time, one thread");
        Console.WriteLine($"{"text",-28} {"MB",6} {"",-22} {"cold",8} {"warm",8} {"project / this, cold",21} {"warm",6}");
        foreach (string path in options.Text is { } text ? [text] : _texts)
        {
            Measure(file, path, options);
        }
    }

    private static void Measure(string file, string path, Options options)
    {
        string[] texts = JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(path))!;
        double megabytes = texts.Sum(text => (double)Encoding.UTF8.GetByteCount(text)) / 1e6;

        // Compiles the code on a tokenizer and texts of their own, so that cold is cold memory and not the compiler.
        string[] fragments = [.. texts.Take(20)];
        Tokenizer compiled = Tokenizer.Load(file);
        bool isGpt2 = IsGpt2(file);
        PlainGpt2? plain = isGpt2 ? new PlainGpt2(file) : null;
        for (int i = 0; i < 30; i++)
        {
            Pass(fragments, text => compiled.Encode(text).Length);
            Pass(fragments, text => compiled.EncodeWithOffsets(text).Length);
            Pass(fragments, text => plain?.Encode(text).Count ?? 0);
        }

        // In turns, so that what else the machine does meets all of them.
        Best project = new(), offsets = new(), slow = new(), rival = new();
        Tokenizer tokenizer = Tokenizer.Load(file);
        Tokenizer tokenizerOfOffsets = Tokenizer.Load(file);
        for (int turn = 0; turn < options.Turns; turn++)
        {
            project.Add(Pass(texts, text => tokenizer.Encode(text, addSpecialTokens: false).Length));
            offsets.Add(Pass(texts, text => tokenizerOfOffsets.EncodeWithOffsets(text, addSpecialTokens: false).Length));
            if (plain is not null)
            {
                slow.Add(Pass(texts, text => plain.Encode(text).Count));
            }

            if (options.Rival is { } packages)
            {
                Rival(packages, file, path, rival);
            }
        }

        string name = Path.GetFileName(path);
        Print(name, megabytes, "project", project, project);
        Print(name, megabytes, "project, with offsets", offsets, project);
        if (plain is not null)
        {
            Require(project.Ids == slow.Ids, "the plain implementation finds other ids");
            Print(name, megabytes, "plain", slow, project);
        }

        if (options.Rival is not null)
        {
            Print(name, megabytes, "Hugging Face", rival, project);
        }
    }

    private static (double Seconds, long Ids) Pass(string[] texts, Func<string, int> encode)
    {
        long ids = 0;
        Cost cost = Cost.Of(() =>
        {
            foreach (string text in texts)
            {
                ids += encode(text);
            }
        });
        return (cost.ProcessorSeconds, ids);
    }

    private static bool IsGpt2(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        JsonElement root = document.RootElement;
        return root.GetProperty("normalizer").ValueKind == JsonValueKind.Null && root.GetProperty("pre_tokenizer").GetProperty("type").GetString() == "ByteLevel";
    }

    private static void Rival(string packages, string file, string texts, Best best)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "tokenize.mjs");
        ProcessStartInfo start = new("node", [script, packages, file, texts, "4"]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Require(process.ExitCode == 0, "node failed");
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement root = document.RootElement;
        best.Add(root.GetProperty("cold").GetDouble(), root.GetProperty("warm").GetDouble());
    }

    private static void Print(string text, double megabytes, string who, Best cost, Best project) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{text,-28} {megabytes,6:F2} {who,-22} {megabytes / cost.Cold,8:F1} {megabytes / cost.Warm,8:F1} {cost.Cold / project.Cold,21:F2} {cost.Warm / project.Warm,6:F2}"));

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidOperationException(problem);
        }
    }

    private sealed class Best
    {
        public double Cold { get; private set; } = double.PositiveInfinity;

        public double Warm { get; private set; } = double.PositiveInfinity;

        public long Ids { get; private set; }

        // The first pass is the cold one.
        public void Add((double Seconds, long Ids) pass)
        {
            if (double.IsPositiveInfinity(Cold))
            {
                Cold = pass.Seconds;
            }
            else
            {
                Warm = Math.Min(Warm, pass.Seconds);
            }

            Ids = pass.Ids;
        }

        // A rival that starts anew every turn has a cold pass in each.
        public void Add(double cold, double warm)
        {
            Cold = Math.Min(Cold, cold);
            Warm = Math.Min(Warm, warm);
        }
    }
}
