using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Turns a model that is stored as torch files into a folder that <see cref="ModelCheckpoint.Load"/> reads: <c>model.safetensors</c> and <c>config.json</c>, with the names and the stored
/// types of the tensors as they were, and the tokenizer's files. The torch files are read by a restricted reader that runs nothing.
/// </summary>
public static class TorchConversion
{
    // Tied parameters are stored once and written twice; a file that asks for more is not a model's.
    private const long LargestGrowth = 4;
    private const long AlwaysAllowed = 1 << 20;

    /// <summary>Converts a model.</summary>
    /// <param name="source">
    /// A Hugging Face folder with <c>pytorch_model.bin</c> or the shards of <c>pytorch_model.bin.index.json</c>; a folder with a TransformerLens state dictionary (<c>ll_model.pth</c>, or its
    /// only .pth file) and its configuration; or such a .pth file itself.
    /// </param>
    /// <param name="configuration">
    /// The pickled configuration of a TransformerLens model; null for <c>ll_model_cfg.pkl</c> beside the weights or in the folder above. Of no use with a Hugging Face folder.
    /// </param>
    /// <param name="folder">An empty folder, which gets the files; what is in it after a failure is of no use.</param>
    /// <param name="progress">Told how many bytes are written.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InputException">
    /// There is no such model in the source, a file is damaged or holds more than data, the architecture is not known here, or the tensors are not those that the configuration describes.
    /// </exception>
    public static TorchConversionResult Convert(
        string source, string? configuration, string folder, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using TorchSource model = TorchSource.Open(source, configuration);
        ModelConfiguration described = ModelConfiguration.Parse(model.ConfigurationPath, model.Configuration);
        IModelFamily family = ModelFamilies.Find(described);
        ModelDescription description = family.Describe(described);
        Dictionary<string, TorchTensor> kept = new(StringComparer.Ordinal);
        List<string> leftOut = [];
        foreach ((string name, TorchTensor tensor) in model.Tensors)
        {
            string bare = name.StartsWith(family.TensorPrefix, StringComparison.Ordinal) ? name[family.TensorPrefix.Length..] : name;
            if (family.IsBuffer(description, bare))
            {
                leftOut.Add(name);
            }
            else
            {
                kept.Add(name, tensor);
            }
        }

        AtomicFile.WriteAllBytes(Path.Combine(folder, "config.json"), model.Configuration);
        long bytes = Write(model, kept, Path.Combine(folder, "model.safetensors"), progress, cancellation);
        try
        {
            ModelCheckpoint.RequireMatches(folder);
        }
        catch (InputException refusal)
        {
            // The folder that it names does not stay.
            throw new InputException(source, refusal.Problem, refusal.Remedy, refusal);
        }

        List<string> copied = [];
        foreach (string file in TokenizerFiles.All)
        {
            string path = Path.Combine(model.Folder, file);
            if (File.Exists(path))
            {
                Copy(path, Path.Combine(folder, file));
                copied.Add(file);
            }
        }

        return new TorchConversionResult(description, kept.Count, bytes, leftOut, copied);
    }

    private static long Write(TorchSource model, Dictionary<string, TorchTensor> tensors, string path, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        // The widest types first, which keeps every tensor aligned.
        (string Name, TorchTensor Tensor, SafeTensorsDataType Type, int Size)[] order =
        [
            .. tensors.Select(pair => (pair.Key, pair.Value, Type: TypeOf(pair.Value.DataType), Size: TorchTensor.ElementSize(pair.Value.DataType)))
                .OrderByDescending(entry => entry.Size).ThenBy(entry => entry.Key, StringComparer.Ordinal),
        ];
        Int128 total = 0;
        foreach ((_, TorchTensor tensor, _, int size) in order)
        {
            total += (Int128)tensor.ElementCount * size;
        }

        if (total > ((Int128)model.FileBytes * LargestGrowth) + AlwaysAllowed)
        {
            throw new InputException(model.Path, $"holds tensors that share their elements, of {total} bytes in all in files of {model.FileBytes}", "save every tensor by itself");
        }

        using SafeTensorsWriter writer = new(path, order.Select(entry => new SafeTensorsDeclaration(entry.Name, entry.Type, entry.Tensor.Shape)), new Dictionary<string, string> { ["format"] = "pt" });
        long written = 0;
        foreach ((string name, TorchTensor tensor, _, _) in order)
        {
            tensor.CopyTo(piece =>
            {
                cancellation.ThrowIfCancellationRequested();
                writer.WriteBytes(name, piece);
                written += piece.Length;
                progress?.Report(new WorkProgress("writing", written, (long)total, "bytes"));
            });
        }

        writer.Complete();
        return (long)total;
    }

    private static SafeTensorsDataType TypeOf(TorchDataType type) => type switch
    {
        TorchDataType.Float64 => SafeTensorsDataType.Float64,
        TorchDataType.Float32 => SafeTensorsDataType.Float32,
        TorchDataType.Float16 => SafeTensorsDataType.Float16,
        TorchDataType.BFloat16 => SafeTensorsDataType.BFloat16,
        TorchDataType.Int64 => SafeTensorsDataType.Int64,
        TorchDataType.Int32 => SafeTensorsDataType.Int32,
        TorchDataType.Int16 => SafeTensorsDataType.Int16,
        TorchDataType.Int8 => SafeTensorsDataType.Int8,
        TorchDataType.UInt8 => SafeTensorsDataType.UInt8,
        _ => SafeTensorsDataType.Boolean,
    };

    private static void Copy(string source, string destination)
    {
        try
        {
            using FileStream stream = File.OpenRead(source);
            AtomicFile.Write(destination, stream.CopyTo);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InputException(source, $"cannot be read ({cause.Message})", "check the file and its permissions", cause);
        }
    }
}
