using System.Text.Json;
using System.Text.RegularExpressions;

namespace CircuitLasso.Tests;

/// <summary>As much of JSON Schema (draft 7) as a graph's schema uses: type, required, properties, items, pattern, enum, minItems.</summary>
internal static class JsonSchema
{
    /// <summary>Where and how a value breaks the schema; empty where it holds.</summary>
    internal static IReadOnlyList<string> Problems(JsonElement value, JsonElement schema)
    {
        List<string> problems = [];
        Check(value, schema, "$", problems);
        return problems;
    }

    private static void Check(JsonElement value, JsonElement schema, string path, List<string> problems)
    {
        if (schema.TryGetProperty("type", out JsonElement type) && !Types(type).Any(name => Is(value, name)))
        {
            problems.Add($"{path} is {value.ValueKind}, not {type}");
            return;
        }

        if (schema.TryGetProperty("enum", out JsonElement allowed) && !allowed.EnumerateArray().Any(item => item.GetRawText() == value.GetRawText()))
        {
            problems.Add($"{path} is {value.GetRawText()}, which is not allowed");
        }

        if (value.ValueKind == JsonValueKind.String && schema.TryGetProperty("pattern", out JsonElement pattern) && !Regex.IsMatch(value.GetString()!, pattern.GetString()!))
        {
            problems.Add($"{path} is '{value}', which does not match {pattern}");
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in schema.TryGetProperty("required", out JsonElement required) ? required.EnumerateArray().Select(item => item.GetString()!) : [])
            {
                if (!value.TryGetProperty(name, out _))
                {
                    problems.Add($"{path} has no {name}");
                }
            }

            foreach (JsonProperty member in schema.TryGetProperty("properties", out JsonElement properties) ? properties.EnumerateObject() : default)
            {
                if (value.TryGetProperty(member.Name, out JsonElement inner))
                {
                    Check(inner, member.Value, $"{path}.{member.Name}", problems);
                }
            }
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            if (schema.TryGetProperty("minItems", out JsonElement fewest) && value.GetArrayLength() < fewest.GetInt32())
            {
                problems.Add($"{path} has {value.GetArrayLength()} items");
            }

            if (schema.TryGetProperty("items", out JsonElement items))
            {
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Check(item, items, $"{path}[{index++}]", problems);
                }
            }
        }
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(item => item.GetString()!) : [type.GetString()!];

    private static bool Is(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new ArgumentException(type),
    };
}
