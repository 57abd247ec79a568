using System.Globalization;
using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>
/// A value that a variable of a program can have: a number, a text, true or false, or a short list of these. Two values are equal when their JSON is; the
/// number 3 and the text "3" differ. Immutable and thread-safe.
/// </summary>
public sealed class ProgramValue : IEquatable<ProgramValue>
{
    private ProgramValue(string json, string text, double? number)
    {
        Json = json;
        Text = text;
        Number = number;
    }

    /// <summary>The value as JSON.</summary>
    public string Json { get; }

    /// <summary>The value as a reader writes it: a text without quotation marks, everything else as JSON.</summary>
    public string Text { get; }

    /// <summary>The number, or null for everything else.</summary>
    public double? Number { get; }

    /// <summary>The value of a finite number.</summary>
    /// <param name="number">The number; -0 counts as 0.</param>
    public static ProgramValue Of(double number)
    {
        string text = (number == 0 ? 0 : number).ToString("R", CultureInfo.InvariantCulture);
        return new ProgramValue(text, text, number == 0 ? 0 : number);
    }

    /// <summary>The value of a text.</summary>
    /// <param name="text">The text.</param>
    public static ProgramValue Of(string text) => new(JsonSerializer.Serialize(text), text, null);

    /// <inheritdoc/>
    public bool Equals(ProgramValue? other) => other is not null && Json == other.Json;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ProgramValue);

    /// <inheritdoc/>
    public override int GetHashCode() => Json.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Json;

    /// <summary>Numbers by size come first, then everything else by its JSON, ordinally.</summary>
    internal static int Compare(ProgramValue first, ProgramValue second) => (first.Number, second.Number) switch
    {
        ({ } a, { } b) => a.CompareTo(b),
        ({ }, null) => -1,
        (null, { }) => 1,
        _ => string.CompareOrdinal(first.Json, second.Json),
    };

    /// <summary>Reads a value; null where the element is none (null itself, an object, a list in a list, an infinite number).</summary>
    internal static ProgramValue? Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => element.TryGetDouble(out double number) && double.IsFinite(number) ? Of(number) : null,
        JsonValueKind.String => Of(element.GetString()!),
        JsonValueKind.True => new ProgramValue("true", "true", null),
        JsonValueKind.False => new ProgramValue("false", "false", null),
        JsonValueKind.Array => ReadList(element),
        _ => null,
    };

    private static ProgramValue? ReadList(JsonElement element)
    {
        ProgramValue?[] items = [.. element.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Array ? null : Read(item))];
        if (items.Length is 0 or > 8 || Array.IndexOf(items, null) >= 0)
        {
            return null;
        }

        string json = "[" + string.Join(",", items.Select(item => item!.Json)) + "]";
        return new ProgramValue(json, json, null);
    }
}
