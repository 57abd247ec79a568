using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.InterpBench;

/// <summary>Takes values out of a program file and says in one line what is wrong with it.</summary>
internal sealed class ProgramJson(string subject)
{
    internal string Subject { get; } = subject;

    internal InputException Error(string problem) => new(Subject, problem, "correct the program");

    internal InputException NodeError(string node, string problem) => Error($"node '{node}' {problem}");

    internal static JsonElement? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? member : null;

    internal JsonElement Member(JsonElement element, string name) => Optional(element, name) ?? throw Error($"'{name}' is missing");

    internal void RequireMembers(JsonElement element, string what, IReadOnlySet<string> known)
    {
        RequireObject(element, what);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                throw Error($"{what} has an unknown member '{property.Name}'");
            }
        }
    }

    internal void RequireObject(JsonElement element, string what)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Error($"{what} is not an object");
        }
    }

    internal string Text(JsonElement element, string what)
    {
        string? text = element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        return text is { Length: > 0 and <= 4_096 } ? text : throw Error($"{what} is not a text of 1 to 4096 characters");
    }

    internal string? OptionalText(JsonElement element, string name) => Optional(element, name) is { } member ? Text(member, $"'{name}'") : null;

    internal int Integer(JsonElement element, string what, int least, int most) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw Error($"{what} is not a whole number from {least} to {most}");

    internal int Integer(JsonElement parent, string name, int least, int most, int absent) =>
        Optional(parent, name) is { } member ? Integer(member, $"'{name}'", least, most) : absent;

    internal double Number(JsonElement element, string what, double least, double most) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && value >= least && value <= most
            ? value
            : throw Error($"{what} is not a number from {least} to {most}");

    internal double Number(JsonElement parent, string name, double least, double most, double absent) =>
        Optional(parent, name) is { } member ? Number(member, $"'{name}'", least, most) : absent;

    internal bool Flag(JsonElement parent, string name, bool absent) => Optional(parent, name) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Error($"'{name}' is neither true nor false"),
    };

    internal JsonElement[] List(JsonElement element, string what, int most)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Error($"{what} is not a list");
        }

        return element.GetArrayLength() <= most ? [.. element.EnumerateArray()] : throw Error($"{what} has more than {most} entries");
    }

    internal string[] Texts(JsonElement element, string what, int most) => [.. List(element, what, most).Select(item => Text(item, $"an entry of {what}"))];

    /// <summary>A list of values without repetition.</summary>
    internal ProgramValue[] Values(JsonElement element, string what, int most)
    {
        ProgramValue[] values = [.. List(element, what, most).Select(item => Value(item, what))];
        HashSet<ProgramValue> seen = [];
        return Array.Find(values, value => !seen.Add(value)) is { } twice ? throw Error($"{what} has {Short(twice)} twice") : values;
    }

    internal ProgramValue Value(JsonElement element, string what) =>
        ProgramValue.Read(element) is { Json.Length: <= 1_024 } value ? value : throw Error($"{what} has an entry that is no value (a number, a short text, true, false, or a list of these)");

    /// <summary>A value for a message: a long one is cut.</summary>
    internal static string Short(ProgramValue value) => value.Json.Length <= 60 ? value.Json : value.Json[..57] + "...";
}
