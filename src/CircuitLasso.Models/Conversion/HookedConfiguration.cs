using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// TransformerLens's configuration as Python pickled it, a dictionary or an object of its class, as a <c>config.json</c>: every field under its name, with
/// <c>"model_type": "hooked_transformer"</c>.
/// </summary>
internal static class HookedConfiguration
{
    private const string ClassName = "HookedTransformerConfig";

    // What the machine was that trained the model is of no use elsewhere.
    private static readonly string[] _leftOut = ["device", "n_devices"];
    private static readonly HashSet<string> _classes =
    [
        $"transformer_lens.{ClassName}.{ClassName}",
        $"transformer_lens.{ClassName}",
        $"transformer_lens.config.{ClassName}.{ClassName}",
        $"transformer_lens.config.{ClassName}",
    ];

    private static readonly JsonWriterOptions _options = new() { Indented = true, NewLine = "\n" };

    /// <summary>Reads a pickled configuration.</summary>
    /// <exception cref="InputException">The file is damaged, holds more than data, or is no configuration of TransformerLens.</exception>
    public static byte[] ReadJson(string path)
    {
        using TorchFile file = TorchFile.Read(path, _classes);
        IReadOnlyDictionary<string, object?> fields = file.Root switch
        {
            Dictionary<string, object?> dictionary => dictionary,
            TorchObject { Attributes: { } attributes } => attributes,
            _ => throw Bad(path, "holds neither a dictionary nor a " + ClassName),
        };
        if (!fields.ContainsKey("n_layers") || !fields.ContainsKey("d_model"))
        {
            throw Bad(path, "names neither n_layers nor d_model");
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, _options))
        {
            writer.WriteStartObject();
            writer.WriteString("model_type", "hooked_transformer");
            foreach ((string name, object? value) in fields.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (name != "model_type" && !_leftOut.Contains(name))
                {
                    writer.WritePropertyName(name);
                    Write(writer, path, name, value);
                }
            }

            writer.WriteEndObject();
        }

        return [.. stream.ToArray(), (byte)'\n'];
    }

    private static void Write(Utf8JsonWriter writer, string path, string name, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case IReadOnlyList<object?> list:
                writer.WriteStartArray();
                foreach (object? item in list)
                {
                    Write(writer, path, name, item);
                }

                writer.WriteEndArray();
                break;
            case Dictionary<string, object?> dictionary:
                writer.WriteStartObject();
                foreach ((string key, object? item) in dictionary.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    Write(writer, path, name, item);
                }

                writer.WriteEndObject();
                break;
            default:
                throw Bad(path, $"has a field '{(name.Length <= 100 ? name : name[..100])}' that no JSON can hold");
        }
    }

    private static InputException Bad(string path, string problem) => new(path, problem, "give the pickled configuration of a TransformerLens model");
}
