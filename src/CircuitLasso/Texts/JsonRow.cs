using System.Text.Json;

namespace CircuitLasso;

/// <summary>Takes the wanted fields out of one JSON value.</summary>
internal static class JsonRow
{
    private const string DefaultTextField = "text";

    public static string[] Values(JsonElement row, TextColumns columns, TextFileBytes file, int line)
    {
        if (row.ValueKind == JsonValueKind.String && columns.TextAlone)
        {
            return [String(row, file, line)];
        }

        if (row.ValueKind != JsonValueKind.Object)
        {
            string wanted = columns.TextAlone ? "a string or an object" : "an object";
            throw file.Error(line, $"holds a JSON {Kind(row)} where {wanted} was expected", "give one JSON object per row");
        }

        string[] values = new string[columns.Names.Count];
        for (int i = 0; i < values.Length; i++)
        {
            string field = columns.Names[i] ?? DefaultTextField;
            if (!Find(row, field, file, line, out JsonElement value))
            {
                throw file.Error(line, $"has no field {field}", $"correct {columns.Roles[i]}, or the row");
            }

            values[i] = value.ValueKind switch
            {
                JsonValueKind.String => String(value, file, line),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when i > 0 => value.GetRawText(),
                _ => throw file.Error(line, $"the field {field} is a JSON {Kind(value)}", $"correct {columns.Roles[i]}, or the row"),
            };
        }

        return values;
    }

    // The names before the field are unescaped on the way to it.
    private static bool Find(JsonElement row, string field, TextFileBytes file, int line, out JsonElement value)
    {
        try
        {
            return row.TryGetProperty(field, out value);
        }
        catch (InvalidOperationException exception)
        {
            throw file.Error(line, "a name holds half of a surrogate pair", "correct the escape", exception);
        }
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "list",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind kind => kind.ToString().ToLowerInvariant(),
    };

    private static string String(JsonElement value, TextFileBytes file, int line)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw file.Error(line, "a string holds half of a surrogate pair", "correct the escape", exception);
        }
    }
}
