using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// A checked view of one <c>config.json</c>: every getter says which field of which file is wrong. It remembers which fields were asked for, so that a family can refuse
/// the others (<see cref="RequireNothingElse"/>). Not thread-safe.
/// </summary>
public sealed class ModelConfiguration
{
    /// <summary>The largest whole number that a field may hold unless it says otherwise: above every size of a model, and small enough to multiply by 64.</summary>
    internal const int LargestInteger = 1 << 24;

    private const long LargestFile = 16 << 20;
    private readonly JsonElement _root;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ModelConfiguration> _sections = new(StringComparer.Ordinal);

    private ModelConfiguration(string path, JsonElement root)
    {
        Path = path;
        _root = root;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    private string Remedy => System.IO.Path.GetFileName(Path.Split(" (")[0]) is not "config.json" and string name ? $"give the {name} that was stored with the weights" : "give the model's own config.json";

    /// <summary>Reads <c>config.json</c> of a model folder.</summary>
    /// <exception cref="InputException">The folder or the file is missing, or the file is not a JSON object.</exception>
    public static ModelConfiguration Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(path))
        {
            throw new InputException(path, "no such file", "name the folder of a Hugging Face checkpoint (config.json, model.safetensors, tokenizer.json)");
        }

        try
        {
            if (new FileInfo(path).Length > LargestFile)
            {
                throw new InputException(path, "larger than 16 MiB", "give the model's own config.json");
            }

            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message, "check the file's permissions", exception);
        }
    }

    /// <summary>Reads the text of a <c>config.json</c>.</summary>
    /// <param name="path">Name used in messages.</param>
    /// <param name="utf8">The file's bytes.</param>
    /// <exception cref="InputException">It is not a JSON object.</exception>
    public static ModelConfiguration Parse(string path, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 32 });
            RequireText(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ModelConfiguration(path, document.RootElement.Clone())
                : throw new InputException(path, "is not a JSON object", "give the model's own config.json");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the parser reports escapes that are no text.
            throw new InputException(path, "is not valid JSON: " + exception.Message, "give the model's own config.json", exception);
        }
    }

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string field)
    {
        _asked.Add(field);
        return _root.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>Whether the field is there and holds null.</summary>
    public bool IsNull(string field)
    {
        _asked.Add(field);
        return _root.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.Null;
    }

    /// <summary>Says that fields have no effect on what the family computes, whatever they hold.</summary>
    /// <param name="fields">Names of fields.</param>
    public void PassOver(params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            _asked.Add(field);
        }
    }

    /// <summary>
    /// Refuses every field that nothing has asked for, here and in the sections that were asked for, unless it is known to have no effect on what a model computes, or holds
    /// null, false or nothing: a setting that is not known here may change the computation.
    /// </summary>
    /// <exception cref="InputException">There is such a field.</exception>
    public void RequireNothingElse()
    {
        foreach (JsonProperty property in _root.EnumerateObject())
        {
            if (!_asked.Contains(property.Name) && !FieldsWithoutEffect.Contains(property.Name) && !IsOff(property.Value))
            {
                throw Unsupported(property.Name, "this setting is not known here, and may change what the model computes");
            }
        }

        foreach (ModelConfiguration section in _sections.Values)
        {
            section.RequireNothingElse();
        }
    }

    /// <summary>Refuses a setting that changes the computation and is not supported: the field must be absent, null or one of the given values.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="allowed">JSON texts of the values that change nothing, such as <c>false</c> or <c>-1.0</c>.</param>
    /// <exception cref="InputException">It has another value.</exception>
    public void RequireAmong(string field, params ReadOnlySpan<string> allowed)
    {
        if (Has(field) && !allowed.Contains(_root.GetProperty(field).GetRawText()))
        {
            throw Unsupported(field, "only " + string.Join(" or ", allowed.ToArray()) + " is supported");
        }
    }

    /// <summary>The object in a field, or null where it is absent or null.</summary>
    public ModelConfiguration? Section(string field)
    {
        if (!Has(field))
        {
            return null;
        }

        if (!_sections.TryGetValue(field, out ModelConfiguration? section))
        {
            _sections[field] = section = _root.GetProperty(field) is { ValueKind: JsonValueKind.Object } value
                ? new ModelConfiguration(Path + " (" + field + ")", value)
                : throw Wrong(field, "an object");
        }

        return section;
    }

    /// <summary>A whole number within bounds.</summary>
    /// <param name="field">Name of the field.</param>
    /// <param name="fallback">Value where the field is absent or null; without one the field must be there.</param>
    /// <param name="minimum">Smallest value allowed.</param>
    /// <param name="maximum">Largest value allowed.</param>
    public int Integer(string field, int? fallback = null, int minimum = 1, int maximum = LargestInteger)
    {
        if (!Has(field))
        {
            return fallback ?? throw Missing(field);
        }

        JsonElement value = _root.GetProperty(field);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(field, $"a whole number from {minimum} to {maximum}");
    }

    /// <summary>A positive finite number, or null where the field is absent or null.</summary>
    public double? NumberOrNull(string field) => Has(field) ? Number(field) : null;

    /// <summary>A list of strings, or null where the field is absent or null.</summary>
    public IReadOnlyList<string>? Texts(string field)
    {
        if (!Has(field))
        {
            return null;
        }

        JsonElement value = _root.GetProperty(field);
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Wrong(field, "a list of strings");
    }

    /// <summary>A positive finite number.</summary>
    public double Number(string field, double? fallback = null)
    {
        if (!Has(field))
        {
            return fallback ?? throw Missing(field);
        }

        JsonElement value = _root.GetProperty(field);
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) && number > 0
            ? number
            : throw Wrong(field, "a positive number");
    }

    /// <summary>A truth value.</summary>
    public bool Flag(string field, bool fallback)
    {
        if (!Has(field))
        {
            return fallback;
        }

        JsonElement value = _root.GetProperty(field);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(field, "true or false");
    }

    /// <summary>The JSON text of a field, or null where it is absent or null.</summary>
    internal string? Raw(string field) => Has(field) ? _root.GetProperty(field).GetRawText() : null;

    /// <summary>A string.</summary>
    public string Text(string field, string? fallback = null)
    {
        if (!Has(field))
        {
            return fallback ?? throw Missing(field);
        }

        JsonElement value = _root.GetProperty(field);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(field, "a string");
    }

    /// <summary>An activation function by Hugging Face's name.</summary>
    public Activation Activation(string field, string? fallback = null) => Text(field, fallback) switch
    {
        "gelu" => Models.Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" => Models.Activation.GeluTanh,
        "silu" or "swish" => Models.Activation.Silu,
        "relu" => Models.Activation.Relu,
        string other => throw new InputException(Path, $"{field} is '{other}', an activation that is not known here", "use a model with gelu, gelu_new, gelu_pytorch_tanh, silu or relu"),
    };

    /// <summary>Refuses a setting that changes the computation and is not supported.</summary>
    public InputException Unsupported(string field, string reason) => new(Path, $"{field}: {reason}", "use a checkpoint without this setting");

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    // Escapes are only read when a name or a string is asked for: half a surrogate pair must be refused here and not surprise a getter.
    private static void RequireText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    RequireText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    RequireText(property.Value);
                }

                break;
            default:
                break;
        }
    }

    private InputException Missing(string field) => new(Path, $"has no field '{field}'", Remedy);

    private InputException Wrong(string field, string expected) => new(Path, $"field '{field}' is not {expected}", Remedy);
}
