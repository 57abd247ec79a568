using System.Text.Json;

namespace CircuitLasso.Numerics;

/// <summary>Reads the index of a sharded checkpoint: a JSON object whose <c>weight_map</c> gives the shard of every tensor.</summary>
internal static class SafeTensorsIndex
{
    private const long MaximumLength = 100_000_000;
    private const string Remedy = "download the checkpoint again";

    /// <summary>Shard names by tensor name; every shard name is a plain file name, not a path.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        using MemoryMappedBytes file = new(path);
        if (file.Length > MaximumLength)
        {
            throw new InputException(path, $"is longer than the {MaximumLength} bytes allowed", Remedy);
        }

        try
        {
            return Parse(path, file.Slice(0, (int)file.Length));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InputException(path, "is not valid JSON", Remedy, exception);
        }
    }

    private static Dictionary<string, string> Parse(string path, ReadOnlySpan<byte> json)
    {
        Dictionary<string, string>? shardOf = null;
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 16 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new InputException(path, "is not a JSON object", Remedy);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("weight_map"u8))
            {
                reader.Skip();
            }
            else if (shardOf is null)
            {
                shardOf = ParseWeightMap(path, ref reader);
            }
            else
            {
                throw new InputException(path, "has two weight_map objects", Remedy);
            }
        }

        reader.Read();
        return shardOf is { Count: > 0 } ? shardOf : throw new InputException(path, "has no weight_map, or an empty one", Remedy);
    }

    private static Dictionary<string, string> ParseWeightMap(string path, ref Utf8JsonReader reader)
    {
        Dictionary<string, string> shardOf = new(StringComparer.Ordinal);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new InputException(path, "has a weight_map that is not an object", Remedy);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            string? shard = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            if (shard is null || !IsPlainFileName(shard))
            {
                throw new InputException(path, $"names a shard for tensor '{name}' that is not a plain file name", Remedy);
            }

            if (!shardOf.TryAdd(name, shard))
            {
                throw new InputException(path, $"lists tensor '{name}' twice", Remedy);
            }
        }

        return shardOf;
    }

    // Both separators and the drive colon are refused on every system, so that a checkpoint means the same everywhere.
    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:") < 0 && !name.Any(char.IsControl);
}
