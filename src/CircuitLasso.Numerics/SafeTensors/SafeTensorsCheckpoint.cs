namespace CircuitLasso.Numerics;

/// <summary>
/// All tensors of a checkpoint, wherever they lie: one <c>.safetensors</c> file, or a folder with <c>model.safetensors</c>, or a folder whose
/// <c>model.safetensors.index.json</c> says in which shard each tensor lies. Where a folder has both, the single file counts.
/// </summary>
/// <remarks>
/// A tensor of a shard that the index does not list is left out. Reading from several threads is safe; <see cref="Dispose"/> must not race with use.
/// </remarks>
public sealed class SafeTensorsCheckpoint : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly List<SafeTensorsFile> _files = [];
    private readonly Dictionary<string, SafeTensorsFile> _fileOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafeTensorsEntry> _tensors = new(StringComparer.Ordinal);

    /// <summary>Opens a checkpoint and checks the headers of all its files.</summary>
    /// <param name="path">A folder, or a safetensors file.</param>
    /// <exception cref="InputException">
    /// The folder or a file is missing or damaged; a tensor is not in the shard that the index names, or in two shards; a shard's name is a path.
    /// </exception>
    public SafeTensorsCheckpoint(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        try
        {
            string index = System.IO.Path.Combine(path, IndexName);
            if (!Directory.Exists(path))
            {
                AddAll(path);
            }
            else if (File.Exists(System.IO.Path.Combine(path, SingleName)))
            {
                AddAll(System.IO.Path.Combine(path, SingleName));
            }
            else if (File.Exists(index))
            {
                AddShards(index);
            }
            else
            {
                throw new InputException(path, $"holds neither {SingleName} nor {IndexName}", "name the folder of a Hugging Face checkpoint");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder or file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>The files, shards in ordinal order of their names.</summary>
    public IReadOnlyList<SafeTensorsFile> Files => _files;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafeTensorsEntry> Tensors => _tensors;

    /// <summary>The shards that an index names, in ordinal order; each is the name of a file beside it, not a path.</summary>
    /// <param name="indexPath">A <c>model.safetensors.index.json</c>.</param>
    /// <exception cref="InputException">The file is missing or damaged, or a shard's name is a path.</exception>
    public static IReadOnlyList<string> ShardsOf(string indexPath) => [.. SafeTensorsIndex.Read(indexPath).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The file that holds a tensor.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="InputException">The checkpoint has no such tensor.</exception>
    public SafeTensorsFile FileOf(string name) =>
        _fileOf.TryGetValue(name, out SafeTensorsFile? file)
            ? file
            : throw new InputException(Path, $"has no tensor '{name}'", "check that the checkpoint is complete and of the architecture that its config names");

    /// <inheritdoc cref="SafeTensorsFile.ReadSingle(string, Span{float})"/>
    public void ReadSingle(string name, Span<float> destination) => FileOf(name).ReadSingle(name, destination);

    /// <inheritdoc cref="SafeTensorsFile.ReadSingle(string, long, long, Span{float})"/>
    public void ReadSingle(string name, long firstRow, long rowCount, Span<float> destination) =>
        FileOf(name).ReadSingle(name, firstRow, rowCount, destination);

    /// <summary>Unmaps the files. Calling it again does nothing.</summary>
    public void Dispose()
    {
        foreach (SafeTensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    private void AddAll(string path)
    {
        SafeTensorsFile file = new(path);
        _files.Add(file);
        foreach ((string name, SafeTensorsEntry entry) in file.Tensors)
        {
            _fileOf.Add(name, file);
            _tensors.Add(name, entry);
        }
    }

    private void AddShards(string indexPath)
    {
        IReadOnlyDictionary<string, string> shardOf = SafeTensorsIndex.Read(indexPath);
        foreach (IGrouping<string, string> shard in shardOf.GroupBy(pair => pair.Value, pair => pair.Key).OrderBy(shard => shard.Key, StringComparer.Ordinal))
        {
            string shardPath = System.IO.Path.Combine(Path, shard.Key);
            if (!File.Exists(shardPath))
            {
                throw new InputException(indexPath, $"names the shard '{shard.Key}', which is not in the folder", "download the checkpoint again");
            }

            SafeTensorsFile file = new(shardPath);
            _files.Add(file);
            foreach (string name in shard)
            {
                if (!file.Tensors.TryGetValue(name, out SafeTensorsEntry? entry))
                {
                    throw new InputException(indexPath, $"says that tensor '{name}' is in '{shard.Key}', but it is not", "download the checkpoint again");
                }

                _fileOf.Add(name, file);
                _tensors.Add(name, entry);
            }

            if (file.Tensors.Keys.FirstOrDefault(name => shardOf.TryGetValue(name, out string? owner) && owner != shard.Key) is { } twice)
            {
                throw new InputException(shardPath, $"holds tensor '{twice}', which the index places in '{shardOf[twice]}'", "download the checkpoint again");
            }
        }
    }
}
