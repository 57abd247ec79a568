using System.Buffers.Binary;
using System.Text.Json;

namespace CircuitLasso.Numerics;

/// <summary>
/// Reads and checks the header of a safetensors file: a little-endian u64 length, then a JSON object of that many bytes that gives every
/// tensor's type, shape and place. What it returns can be trusted: each tensor has exactly the bytes that its shape asks for, and together they
/// cover the rest of the file without a gap or an overlap.
/// </summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>The longest header that is read, as in the format's own library.</summary>
    public const long MaximumLength = 100_000_000;

    private const int PrefixLength = 8;
    private const int MaximumDepth = 8;
    private const string MetadataName = "__metadata__";
    private const string Remedy = "download or write the file again";

    private readonly string _path;
    private readonly Dictionary<string, SafeTensorsEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private bool _hasMetadata;

    private SafeTensorsHeader(string path) => _path = path;

    public IReadOnlyDictionary<string, SafeTensorsEntry> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public static SafeTensorsHeader Read(MemoryMappedBytes file)
    {
        SafeTensorsHeader header = new(file.Path);
        if (file.Length < PrefixLength)
        {
            throw header.Bad("is too short to be a safetensors file");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, PrefixLength));
        if (length > MaximumLength)
        {
            throw header.Bad($"is not a safetensors file, or its header of {length} bytes is longer than the {MaximumLength} allowed");
        }

        if (length > (ulong)(file.Length - PrefixLength))
        {
            throw header.Bad($"ends inside its header of {length} bytes");
        }

        ReadOnlySpan<byte> json = file.Slice(PrefixLength, (int)length);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Bad("is not a safetensors file: its header is not a JSON object");
        }

        try
        {
            header.ParseObject(json, PrefixLength + (long)length);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader reports text that is not UTF-8.
            throw header.Bad("has a header that is not valid JSON", exception);
        }

        header.CheckThatTheDataIsCovered(PrefixLength + (long)length, file.Length);
        return header;
    }

    private void ParseObject(ReadOnlySpan<byte> json, long dataStart)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw Bad($"has a header where '{Shown(name)}' is not an object");
            }

            if (name == MetadataName)
            {
                ParseMetadata(ref reader);
            }
            else if (!_tensors.TryAdd(name, ParseTensor(ref reader, name, dataStart)))
            {
                throw Bad(name, "is there twice");
            }
        }

        // Only blanks may follow; the reader throws otherwise.
        reader.Read();
    }

    private void ParseMetadata(ref Utf8JsonReader reader)
    {
        if (_hasMetadata)
        {
            throw Bad($"has two {MetadataName} objects");
        }

        _hasMetadata = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String || !_metadata.TryAdd(key, reader.GetString()!))
            {
                throw Bad($"has {MetadataName} where '{Shown(key)}' is not one string");
            }
        }
    }

    private SafeTensorsEntry ParseTensor(ref Utf8JsonReader reader, string name, long dataStart)
    {
        string? typeName = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8) && typeName is null)
            {
                reader.Read();
                typeName = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Bad(name, "has a dtype that is not a string");
            }
            else if (reader.ValueTextEquals("shape"u8) && shape is null)
            {
                shape = ParseNumbers(ref reader, name, "shape", DenseShape.MaximumRank);
            }
            else if (reader.ValueTextEquals("data_offsets"u8) && offsets is null)
            {
                offsets = ParseNumbers(ref reader, name, "data_offsets", 2);
            }
            else
            {
                throw Bad(name, $"has a field '{Shown(reader.GetString()!)}' that is unknown or repeated");
            }
        }

        if (typeName is null || shape is null || offsets is not [long begin, long end])
        {
            throw Bad(name, "lacks its dtype, shape or two data_offsets");
        }

        if (!SafeTensorsDataTypes.TryParse(typeName, out SafeTensorsDataType type))
        {
            throw new InputException(_path, $"tensor '{Shown(name)}' has the unknown dtype '{Shown(typeName)}'", "convert it to F32, F16 or BF16");
        }

        long? length = DenseShape.ByteLength(shape, SafeTensorsDataTypes.Size(type));
        if (length is null)
        {
            throw Bad(name, $"has a shape too large to exist: [{string.Join(", ", shape)}]");
        }

        if (end < begin || end - begin != length)
        {
            throw Bad(name, $"needs {length} bytes for {typeName}[{string.Join(", ", shape)}] but has the offsets {begin} to {end}");
        }

        // The end may still lie beyond the file; the sum cannot overflow because that is checked before it is used.
        return new SafeTensorsEntry(name, type, shape.AsReadOnly(), begin > long.MaxValue - dataStart ? long.MaxValue : dataStart + begin, length.Value);
    }

    private List<long> ParseNumbers(ref Utf8JsonReader reader, string tensor, string field, int maximumCount)
    {
        List<long> numbers = [];
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Bad(tensor, $"has {field} that is not a list");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Bad(tensor, $"has {field} with an entry that is not a whole number from 0 to {long.MaxValue}");
            }

            if (numbers.Count == maximumCount)
            {
                throw Bad(tensor, $"has {field} of more than {maximumCount} numbers");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private void CheckThatTheDataIsCovered(long dataStart, long fileLength)
    {
        long expected = dataStart;
        foreach (SafeTensorsEntry tensor in _tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Length))
        {
            if (tensor.Offset > fileLength || tensor.Length > fileLength - tensor.Offset)
            {
                throw Bad(tensor.Name, $"lies beyond the end of the file ({fileLength} bytes)");
            }

            if (tensor.Offset != expected)
            {
                throw Bad(tensor.Name, tensor.Offset < expected ? "overlaps another tensor" : "leaves a hole between it and the tensor before it");
            }

            expected += tensor.Length;
        }

        if (expected != fileLength)
        {
            throw Bad($"has {fileLength - expected} bytes that belong to no tensor");
        }
    }

    private static string Shown(string name) => name.Length <= 100 ? name : name[..100] + "...";

    private InputException Bad(string problem, Exception? cause = null) => new(_path, problem, Remedy, cause);

    private InputException Bad(string tensor, string problem) => new(_path, $"tensor '{Shown(tensor)}' {problem}", Remedy);
}
