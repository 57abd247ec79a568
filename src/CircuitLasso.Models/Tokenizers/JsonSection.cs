using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// One value inside a <c>tokenizer.json</c> that knows the file and the path it came from, so that every complaint names both.
/// </summary>
internal sealed class JsonSection
{
    private readonly JsonElement _element;
    private readonly JsonSection? _parent;
    private readonly string? _name;
    private readonly int _index;

    /// <summary>Wraps the root of a document.</summary>
    public JsonSection(string file, JsonElement root)
        : this(file, root, null, string.Empty)
    {
    }

    private JsonSection(string file, JsonElement element, JsonSection? parent, string? name, int index = 0)
    {
        File = file;
        _element = element;
        _parent = parent;
        _name = name;
        _index = index;
    }

    /// <summary>The file, as the user gave it.</summary>
    public string File { get; }

    /// <summary>Whether the value is an object.</summary>
    public bool IsObject => _element.ValueKind == JsonValueKind.Object;

    /// <summary>Whether the value is a list.</summary>
    public bool IsList => _element.ValueKind == JsonValueKind.Array;

    /// <summary>Whether the value is a text.</summary>
    public bool IsText => _element.ValueKind == JsonValueKind.String;

    private string Path =>
        _parent is null ? "the file"
        : _parent._parent is null ? _name ?? $"[{_index}]"
        : _name is null ? $"{_parent.Path}[{_index}]"
        : $"{_parent.Path}.{_name}";

    /// <summary>A member of this object; null where it is absent or JSON's null.</summary>
    public JsonSection? Optional(string name)
    {
        if (!IsObject)
        {
            throw Error("is not an object");
        }

        return _element.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null
            ? new JsonSection(File, member, this, name)
            : null;
    }

    /// <summary>A member of this object that has to be there.</summary>
    public JsonSection Required(string name) => Optional(name) ?? throw Error($"has no \"{name}\"");

    /// <summary>The members of this object, in the order of the file.</summary>
    public IEnumerable<KeyValuePair<string, JsonSection>> Members()
    {
        if (!IsObject)
        {
            throw Error("is not an object");
        }

        foreach (JsonProperty member in _element.EnumerateObject())
        {
            string name;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException cause)
            {
                // JSON can spell half a surrogate pair ("\ud800"), which no text contains.
                throw Error("has a member whose name is not valid Unicode", cause);
            }

            yield return new(name, new JsonSection(File, member.Value, this, name));
        }
    }

    /// <summary>The items of this list.</summary>
    public IEnumerable<JsonSection> Items()
    {
        if (!IsList)
        {
            throw Error("is not a list");
        }

        int index = 0;
        foreach (JsonElement item in _element.EnumerateArray())
        {
            yield return new JsonSection(File, item, this, null, index++);
        }
    }

    /// <summary>The value as a text.</summary>
    public string Text()
    {
        if (!IsText)
        {
            throw Error("is not a text");
        }

        try
        {
            return _element.GetString()!;
        }
        catch (InvalidOperationException cause)
        {
            throw Error("is not valid Unicode", cause);
        }
    }

    /// <summary>The value as an integer of at least zero and at most <paramref name="maximum"/>.</summary>
    public int Integer(int maximum)
    {
        if (_element.ValueKind != JsonValueKind.Number || !_element.TryGetInt64(out long value))
        {
            throw Error("is not an integer");
        }

        return value < 0 ? throw Error($"is {value}, below zero")
            : value > maximum ? throw Error($"is {value}, above {maximum}")
            : (int)value;
    }

    /// <summary>The value as a number.</summary>
    public double Number() =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetDouble(out double value) ? value : throw Error("is not a number");

    /// <summary>The value as true or false.</summary>
    public bool Flag() => _element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error("is neither true nor false"),
    };

    /// <summary>A member as true or false, with a value for when it is absent.</summary>
    public bool Flag(string name, bool otherwise) => Optional(name)?.Flag() ?? otherwise;

    /// <summary>The value as a text of exactly one Unicode character.</summary>
    public string Character()
    {
        string text = Text();
        return System.Text.Rune.DecodeFromUtf16(text, out _, out int length) == System.Buffers.OperationStatus.Done && length == text.Length
            ? text
            : throw Error("is not one character");
    }

    /// <summary>A complaint about this value: <paramref name="problem"/> continues a sentence that starts with its path.</summary>
    public InputException Error(string problem, Exception? cause = null) =>
        new(File, $"{Path} {problem}", "give a tokenizer.json as Hugging Face's tokenizers writes it", cause);

    /// <summary>A complaint about something that the format allows and this program does not do.</summary>
    public InputException Unsupported(string problem) =>
        new(File, $"{Path} {problem}", "this program cannot reproduce that tokenizer; tokenize elsewhere or use another model");
}
