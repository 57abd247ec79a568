using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>A model stored as torch files: its tensors, and its configuration as a <c>config.json</c> of this program.</summary>
internal sealed class TorchSource : IDisposable
{
    private const string SingleName = "pytorch_model.bin";
    private const string IndexName = "pytorch_model.bin.index.json";
    private const string HookedName = "ll_model.pth";
    private const string HookedConfigurationName = "ll_model_cfg.pkl";
    private const long LargestIndex = 64 << 20;

    private readonly List<TorchFile> _files = [];
    private readonly Dictionary<string, TorchTensor> _tensors = new(StringComparer.Ordinal);

    private TorchSource(string path, string folder, string configurationPath, byte[] configuration)
    {
        Path = path;
        Folder = folder;
        ConfigurationPath = configurationPath;
        Configuration = configuration;
    }

    /// <summary>What the user named.</summary>
    public string Path { get; }

    /// <summary>The folder that the weights lie in.</summary>
    public string Folder { get; }

    /// <summary>The file that the configuration was read from.</summary>
    public string ConfigurationPath { get; }

    /// <summary>The configuration as JSON.</summary>
    public byte[] Configuration { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TorchTensor> Tensors => _tensors;

    /// <summary>Bytes of the files that hold them.</summary>
    public long FileBytes { get; private set; }

    /// <summary>Opens a model; <see cref="TorchConversion.Convert"/> says what of.</summary>
    public static TorchSource Open(string source, string? configuration)
    {
        if (File.Exists(source))
        {
            return OpenHooked(source, source, configuration);
        }

        if (!Directory.Exists(source))
        {
            throw new InputException(source, "does not exist", "name a folder with pytorch_model.bin or ll_model.pth, or a .pth file");
        }

        bool isSingle = File.Exists(System.IO.Path.Combine(source, SingleName));
        if (isSingle || File.Exists(System.IO.Path.Combine(source, IndexName)))
        {
            return configuration is null
                ? OpenHuggingFace(source, isSingle)
                : throw new InputException(configuration, "is given beside a Hugging Face folder, whose config.json counts", "leave --config out");
        }

        string hooked = System.IO.Path.Combine(source, HookedName);
        if (!File.Exists(hooked))
        {
            string[] candidates = Directory.GetFiles(source, "*.pth");
            hooked = candidates is [var only]
                ? only
                : throw new InputException(source, $"holds neither {SingleName}, its shards nor {HookedName}, and {(candidates.Length == 0 ? "no" : "several")} .pth files", "name the .pth file");
        }

        return OpenHooked(source, hooked, configuration);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TorchFile file in _files)
        {
            file.Dispose();
        }
    }

    private static TorchSource OpenHooked(string source, string weights, string? configuration)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(weights))!;
        string path = configuration ?? FindConfiguration(folder)
            ?? throw new InputException(source, $"has no {HookedConfigurationName} beside the weights or in the folder above", "name the pickled configuration with --config");
        TorchSource result = new(source, folder, path, HookedConfiguration.ReadJson(path));
        try
        {
            result.Add(weights, null);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private static string? FindConfiguration(string folder)
    {
        foreach (string? place in (string?[])[folder, System.IO.Path.GetDirectoryName(folder)])
        {
            if (place is not null && System.IO.Path.Combine(place, HookedConfigurationName) is var path && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    private static TorchSource OpenHuggingFace(string folder, bool isSingle)
    {
        string path = System.IO.Path.Combine(folder, "config.json");
        TorchSource result = new(folder, folder, path, ReadBytes(path, LargestIndex));
        try
        {
            if (isSingle)
            {
                result.Add(System.IO.Path.Combine(folder, SingleName), null);
            }
            else
            {
                result.AddShards(System.IO.Path.Combine(folder, IndexName));
            }

            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    private void AddShards(string index)
    {
        SortedDictionary<string, HashSet<string>> namesOf = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadBytes(index, LargestIndex));
            foreach ((string name, JsonSection shard) in new JsonSection(index, document.RootElement).Required("weight_map").Members())
            {
                string file = shard.Text();
                if (file.Length == 0 || file != System.IO.Path.GetFileName(file) || file is "." or "..")
                {
                    throw shard.Error("is not the name of a file in the same folder");
                }

                if (!namesOf.TryGetValue(file, out HashSet<string>? names))
                {
                    namesOf[file] = names = new HashSet<string>(StringComparer.Ordinal);
                }

                if (!names.Add(name))
                {
                    throw shard.Error("is listed twice");
                }
            }
        }
        catch (JsonException cause)
        {
            throw new InputException(index, $"is not valid JSON ({cause.Message})", "copy the file again from where it came", cause);
        }

        foreach ((string file, HashSet<string> names) in namesOf)
        {
            Add(System.IO.Path.Combine(Folder, file), names);
        }
    }

    private void Add(string path, HashSet<string>? names)
    {
        TorchFile file = TorchFile.Read(path);
        _files.Add(file);
        FileBytes += new FileInfo(path).Length;
        IReadOnlyDictionary<string, TorchTensor> tensors = file.Tensors();
        foreach (string name in names ?? tensors.Keys)
        {
            if (!tensors.TryGetValue(name, out TorchTensor? tensor))
            {
                throw new InputException(path, $"has no tensor '{name}', which {IndexName} says it has", "copy the files again from where they came");
            }

            if (!_tensors.TryAdd(name, tensor))
            {
                throw new InputException(path, $"holds the tensor '{name}', and so does another shard", "copy the files again from where they came");
            }
        }
    }

    private static byte[] ReadBytes(string path, long largest)
    {
        try
        {
            return !File.Exists(path) ? throw new InputException(path, "does not exist", "copy it from where the weights came")
                : new FileInfo(path).Length > largest ? throw new InputException(path, $"is larger than {largest >> 20} MiB", "copy it again from where the weights came")
                : File.ReadAllBytes(path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"cannot be read ({cause.Message})", "check the file and its permissions", cause);
        }
    }
}
