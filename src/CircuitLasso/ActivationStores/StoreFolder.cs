using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The folder of a store that is being written: how it begins, and how it is found again after an interruption.</summary>
internal static class StoreFolder
{
    public static void Create(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(folder, "cannot be created: " + exception.Message, "choose a folder that may be written", exception);
        }
    }

    public static bool HasManifest(string folder) => File.Exists(Path.Combine(folder, StoreNames.Manifest));

    public static void WriteManifest(string folder, ActivationStoreManifest manifest, Action<string>? beforeOperation)
    {
        beforeOperation?.Invoke("write " + StoreNames.Manifest);
        AtomicFile.WriteAllBytes(Path.Combine(folder, StoreNames.Manifest), StoreManifestFile.Serialize(manifest));
    }

    /// <summary>Begins a store in a folder without one. The constants come first: where there is a manifest, they are there too.</summary>
    public static ActivationStoreManifest Begin(
        string folder, ActivationStoreManifest manifest, IReadOnlyList<StoreConstant> constants, Action<string>? beforeOperation)
    {
        IEnumerable<string> others = Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry));
        if (others.FirstOrDefault(name => name != StoreNames.Lock && !StoreNames.IsLeftoverOfBeginning(name)) is { } other)
        {
            throw new InputException(folder, $"is not an activation store, and not empty (it holds {other})", "choose another folder");
        }

        DeleteLeftovers(folder, [], beforeOperation);
        if (constants.Count > 0)
        {
            manifest = manifest with { Constants = WriteConstants(folder, constants, beforeOperation) };
        }

        WriteManifest(folder, manifest, beforeOperation);
        return manifest;
    }

    /// <summary>Finds the state of a store that the same settings began.</summary>
    public static ActivationStoreManifest Resume(
        string folder, ActivationStoreManifest manifest, IReadOnlyList<StoreConstant> constants, Action<string>? beforeOperation)
    {
        ActivationStoreManifest stored = ActivationStoreManifest.Read(folder);
        StoreManifestComparison.RequireSame(stored, manifest, folder);
        foreach (StoreShard shard in stored.Shards)
        {
            RequireLength(folder, shard.File, shard.Bytes);
        }

        RequireSameConstants(folder, stored, constants);
        HashSet<string> recorded = [.. stored.Shards.Select(shard => shard.File)];
        if (stored.Constants is { } file)
        {
            recorded.Add(file.File);
        }

        DeleteLeftovers(folder, recorded, beforeOperation);
        return stored;
    }

    /// <summary>The file of a store is there and has its recorded length.</summary>
    public static void RequireLength(string folder, string file, long bytes)
    {
        FileInfo info = new(Path.Combine(folder, file));
        if (!info.Exists || info.Length != bytes)
        {
            string problem = info.Exists ? $"has {info.Length} bytes, the manifest says {bytes}" : "is missing, though the manifest records it";
            throw new InputException(info.FullName, problem, "restore the file, or delete the store and collect anew");
        }
    }

    private static void DeleteLeftovers(string folder, HashSet<string> recorded, Action<string>? beforeOperation)
    {
        foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (StoreNames.IsLeftover(name) && !recorded.Contains(name))
            {
                beforeOperation?.Invoke("delete " + name);
                File.Delete(path);
            }
        }
    }

    private static StoreConstants WriteConstants(string folder, IReadOnlyList<StoreConstant> constants, Action<string>? beforeOperation)
    {
        beforeOperation?.Invoke("write " + StoreNames.Constants);
        string path = Path.Combine(folder, StoreNames.Constants);
        using SafeTensorsWriter writer = new(
            path, constants.Select(constant => new SafeTensorsDeclaration(constant.Name, SafeTensorsDataType.Float32, constant.Shape)), computeHash: true);
        foreach (StoreConstant constant in constants)
        {
            writer.Write(constant.Name, constant.Values.Span);
        }

        string sha256 = writer.Complete()!;
        return new StoreConstants(StoreNames.Constants, new FileInfo(path).Length, sha256);
    }

    private static void RequireSameConstants(string folder, ActivationStoreManifest stored, IReadOnlyList<StoreConstant> constants)
    {
        using StoreConstantsFile? file = stored.Constants is null ? null : new StoreConstantsFile(folder, stored.Constants);
        bool isSame = constants.Count == (file?.Names.Count ?? 0)
            && constants.All(constant => file!.Names.Contains(constant.Name)
                && file.Read(constant.Name) is var found
                && found.Shape.SequenceEqual(constant.Shape)
                && found.Values.Span.SequenceEqual(constant.Values.Span));
        if (!isSame)
        {
            throw new InputException(folder, "was made with other constant tensors", "choose another folder, or delete this one to collect anew");
        }
    }
}
