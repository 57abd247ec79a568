using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Reads the pairs of a task file in either format, with every complaint naming the file and the line or prompt.</summary>
internal static class TaskFileReader
{
    private const long LargestFile = 256L << 20;

    /// <summary>Reads the pairs, and the file's SHA-256.</summary>
    public static (IReadOnlyList<TaskPair> Pairs, string Sha256) Read(string path)
    {
        byte[] bytes = ReadBytes(path);
        return (Pairs(path, bytes), Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static List<TaskPair> Pairs(string path, byte[] bytes)
    {
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        List<TaskPair> pairs = [];
        if (TryParse(text) is { } whole)
        {
            using (whole)
            {
                if (whole.RootElement.ValueKind == JsonValueKind.Object && Find(path, "the file", whole.RootElement, "prompts") is { } prompts)
                {
                    if (prompts.ValueKind != JsonValueKind.Array)
                    {
                        throw Refuse(path, "\"prompts\" is not a list");
                    }

                    int index = 0;
                    foreach (JsonElement prompt in prompts.EnumerateArray())
                    {
                        string place = string.Create(CultureInfo.InvariantCulture, $"prompt {index++}");
                        pairs.Add(new TaskPair(
                            Text(path, place, prompt, "clean"), Text(path, place, prompt, "corrupt"), Single(path, place, prompt, "answers"), Single(path, place, prompt, "wrong_answers")));
                    }

                    return pairs;
                }
            }
        }

        int line = 0;
        for (ReadOnlyMemory<byte> rest = text; !rest.IsEmpty;)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> row = end < 0 ? rest : rest[..end];
            rest = end < 0 ? ReadOnlyMemory<byte>.Empty : rest[(end + 1)..];
            line++;
            if (row.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            string place = string.Create(CultureInfo.InvariantCulture, $"line {line}");
            using JsonDocument document = TryParse(row)
                ?? throw Refuse(path, line == 1 ? "is neither a JSON object with \"prompts\" nor one JSON object a line" : $"{place} is not a JSON object");
            JsonElement pair = document.RootElement;
            pairs.Add(new TaskPair(
                Text(path, place, pair, "clean_prefix"), Text(path, place, pair, "patch_prefix"), Text(path, place, pair, "clean_answer"), Text(path, place, pair, "patch_answer")));
        }

        return pairs.Count > 0 ? pairs : throw Refuse(path, "holds no pair of texts");
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return new FileInfo(path).Length <= LargestFile
                ? File.ReadAllBytes(path)
                : throw new InputException(path, $"is larger than {LargestFile >> 20} MiB", "give fewer pairs");
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(path, "there is no such task file", "check the path", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, "cannot be read: " + cause.Message, "give a task file that may be read", cause);
        }
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement? Find(string path, string place, JsonElement value, string name)
    {
        try
        {
            return value.TryGetProperty(name, out JsonElement member) ? member : null;
        }
        catch (InvalidOperationException cause)
        {
            // JSON can spell half a surrogate pair, which no text contains.
            throw Refuse(path, $"{place} has a name that is not valid Unicode", cause);
        }
    }

    private static string Text(string path, string place, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Refuse(path, $"{place} is not a JSON object");
        }

        return Text(path, place, name, Find(path, place, value, name) ?? throw Refuse(path, $"{place} has no \"{name}\""));
    }

    private static string Single(string path, string place, JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object || Find(path, place, value, name) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != 1)
        {
            throw Refuse(path, $"{place} has no list \"{name}\" of one text");
        }

        return Text(path, place, name, list[0]);
    }

    private static string Text(string path, string place, string name, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Refuse(path, $"{place} has a \"{name}\" that is no text");
        }
        catch (InvalidOperationException cause)
        {
            throw Refuse(path, $"{place} has a \"{name}\" that is not valid Unicode", cause);
        }
    }

    private static InputException Refuse(string path, string problem, Exception? cause = null) =>
        new(path, problem, "give prompts with clean, corrupt, answers and wrong_answers, or lines with clean_prefix, patch_prefix, clean_answer and patch_answer", cause);
}
