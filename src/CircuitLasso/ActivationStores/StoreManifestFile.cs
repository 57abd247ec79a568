using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Reads and writes <c>manifest.json</c>.</summary>
internal static class StoreManifestFile
{
    // A shard takes some 250 bytes: this is a quarter of a million shards.
    private const long LongestManifest = 64L << 20;

    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    public static ActivationStoreManifest Read(string folder)
    {
        string path = Path.Combine(folder, StoreNames.Manifest);
        ActivationStoreManifest manifest = Parse(path, Bytes(folder, path));
        StoreManifestCheck.Check(manifest, path);
        return manifest;
    }

    public static byte[] Serialize(ActivationStoreManifest manifest)
    {
        ActivationStoreManifest ordered = manifest with
        {
            Provenance = manifest.Provenance with
            {
                Saes = new SortedDictionary<string, StoreSource>(manifest.Provenance.Saes.ToDictionary(), StringComparer.Ordinal),
                Settings = new SortedDictionary<string, string>(manifest.Provenance.Settings.ToDictionary(), StringComparer.Ordinal),
            },
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(ordered, _options), (byte)'\n'];
    }

    /// <summary>The manifest as a tree, for comparing setting by setting.</summary>
    public static JsonObject Tree(ActivationStoreManifest manifest) => JsonSerializer.SerializeToNode(manifest, _options)!.AsObject();

    private static byte[] Bytes(string folder, string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Length > LongestManifest)
            {
                throw new InputException(path, $"is longer than {LongestManifest} bytes", "check that this is the manifest of an activation store");
            }

            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(folder, "is not an activation store (it has no manifest.json)", "give the folder that collect wrote", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, "cannot be read: " + exception.Message, "check the permissions of the file", exception);
        }
    }

    private static ActivationStoreManifest Parse(string path, byte[] bytes)
    {
        try
        {
            // Format and version first: a newer version may have members that this one does not know.
            using (JsonDocument document = JsonDocument.Parse(bytes))
            {
                JsonElement root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object
                    || !root.TryGetProperty("format", out JsonElement format)
                    || format.ValueKind != JsonValueKind.String
                    || format.GetString() != ActivationStoreManifest.FormatName)
                {
                    throw new InputException(path, "is not the manifest of an activation store", $"its format is to be \"{ActivationStoreManifest.FormatName}\"");
                }

                if (!root.TryGetProperty("version", out JsonElement version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number < 1)
                {
                    throw new InputException(path, "has no version", $"its version is to be {ActivationStoreManifest.CurrentVersion}");
                }

                if (number > ActivationStoreManifest.CurrentVersion)
                {
                    throw new InputException(
                        path, $"is of version {number}, newer than {ActivationStoreManifest.CurrentVersion}, the newest known here", "use the newer program that wrote it");
                }
            }

            return JsonSerializer.Deserialize<ActivationStoreManifest>(bytes, _options) ?? throw new JsonException();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // InvalidOperationException is how the reader reports text that is not UTF-8.
            string place = exception is JsonException { Path: { } member } json ? $" at {member} (line {json.LineNumber + 1})" : string.Empty;
            throw new InputException(path, "is not a manifest as docs/store.md describes it" + place, "correct it, or make the store again", exception);
        }
    }
}
