using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Takes values out of a JSON document and says in one line what is wrong with it.</summary>
internal sealed class GrammarJson(string subject)
{
    internal string Subject { get; } = subject;

    internal InputException Error(string problem) => new(Subject, problem, "correct the file");

    /// <summary>Refuses an element that is no object, lacks a member or has one that is not named; a name with a leading '?' is optional.</summary>
    internal void RequireObject(JsonElement element, string what, params string[] members)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Error($"{what} is not an object");
        }

        foreach (string member in members)
        {
            if (member[0] != '?' && !element.TryGetProperty(member, out _))
            {
                throw Error($"{what} has no '{member}'");
            }
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!members.Contains(property.Name) && !members.Contains('?' + property.Name))
            {
                throw Error($"{what} has an unknown member '{property.Name}'");
            }
        }
    }

    internal JsonElement Member(JsonElement element, string name, JsonValueKind kind) =>
        element.TryGetProperty(name, out JsonElement member) && member.ValueKind == kind ? member : throw Error($"'{name}' is missing or no {kind}");

    internal string String(JsonElement element, string name) => Text(Member(element, name, JsonValueKind.String));

    internal int Integer(JsonElement element, string name, int least, int most) =>
        Member(element, name, JsonValueKind.Number).TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw Error($"'{name}' is not a whole number from {least} to {most}");

    internal IEnumerable<string> Strings(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Array && element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? element.EnumerateArray().Select(Text)
            : throw Error($"{what}: not a list of strings");

    internal IEnumerable<JsonElement> Objects(JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Array && element.GetArrayLength() > 0 && element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? element.EnumerateArray()
            : throw Error($"{what}: not a list of objects, or an empty one");

    /// <summary>Refuses a name of a category, feature or value that a rule could not write.</summary>
    internal string Name(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => c is (>= 'a' and <= 'z') or '_') ? name : throw Error($"'{name}' is not a name of lower-case letters");

    /// <summary>Parses a document and hands its root to <paramref name="read"/>; whatever is wrong with the text itself becomes an error about the subject.</summary>
    internal T Parse<T>(ReadOnlyMemory<byte> bytes, int depth, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = depth });
            return read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InputException(Subject, "is not JSON: " + exception.Message.TrimEnd('.'), "give a file of the right kind", exception);
        }
        catch (InvalidOperationException exception)
        {
            // What JsonElement throws for a string of bytes that are not UTF-8, or for half of a surrogate pair.
            throw new InputException(Subject, "a string is not valid text", "save the file as UTF-8", exception);
        }
    }

    private static string Text(JsonElement element) => element.GetString()!;
}
