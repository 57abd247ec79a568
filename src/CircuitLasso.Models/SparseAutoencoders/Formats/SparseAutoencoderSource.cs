using System.Buffers.Binary;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The files of one sparse autoencoder as a format looks at them: its tensors, and the configuration that lies beside them.</summary>
internal sealed class SparseAutoencoderSource : IDisposable
{
    private const long LargestConfiguration = 16 << 20;

    // In a folder, the file with the weights by the name that its format gives it.
    private static readonly string[] _weightsNames = ["sae_weights.safetensors", "sae.safetensors", "ae.pt", "params.npz"];
    private static readonly string[] _extensions = [".safetensors", ".pt", ".npz"];

    /// <summary>Opens what a path names.</summary>
    /// <param name="path">A file of weights, or the folder that it lies in.</param>
    /// <exception cref="InputException">There is no such file, or it is of no known kind, or damaged.</exception>
    public SparseAutoencoderSource(string path)
    {
        Path = path;
        WeightsPath = Directory.Exists(path) ? FindWeights(path) : path;
        Tensors = Open(WeightsPath);
        try
        {
            Configuration = ReadConfiguration();
        }
        catch
        {
            Tensors.Dispose();
            throw;
        }
    }

    /// <summary>The file or folder, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>The file with the weights.</summary>
    public string WeightsPath { get; }

    /// <summary>The full path of the weights with '/' between its parts, in which published files carry their site; of a file in the hub's cache the path on the hub.</summary>
    public string FullPath => HubCache.PublishedPath(System.IO.Path.GetFullPath(WeightsPath).Replace('\\', '/'));

    /// <summary>The tensors.</summary>
    public ITensorContainer Tensors { get; }

    /// <summary>The torch file that the tensors come from, or null where they come from another kind of file.</summary>
    public TorchFile? Torch => (Tensors as TorchContainer)?.File;

    /// <summary><c>cfg.json</c> or <c>config.json</c> beside the weights, or null.</summary>
    public ModelConfiguration? Configuration { get; }

    /// <summary>Whether all these tensors are there.</summary>
    public bool Has(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!Tensors.Names.Contains(name))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Refuses tensors that the format does not know: they would change the computation.</summary>
    public void RequireOnly(params ReadOnlySpan<string> names)
    {
        foreach (string name in Tensors.Names)
        {
            if (!names.Contains(name))
            {
                throw Bad($"has a tensor '{(name.Length <= 100 ? name : name[..100])}' that its format does not know");
            }
        }
    }

    /// <summary>An exception about the weights.</summary>
    public InputException Bad(string problem, string remedy = "give the file as it was published, with its configuration beside it") => new(WeightsPath, problem, remedy);

    /// <inheritdoc/>
    public void Dispose() => Tensors.Dispose();

    private static string FindWeights(string folder)
    {
        string? known = _weightsNames.Select(name => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (known is not null)
        {
            return known;
        }

        string[] candidates;
        try
        {
            candidates = [.. Directory.EnumerateFiles(folder).Where(file => _extensions.Contains(System.IO.Path.GetExtension(file))).Order(StringComparer.Ordinal).Take(2)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(folder, "cannot be read: " + exception.Message, "check the folder and its permissions", exception);
        }

        return candidates.Length == 1
            ? candidates[0]
            : throw new InputException(
                folder,
                candidates.Length == 0 ? "holds no weights of a sparse autoencoder" : "holds several files that could be the weights",
                "name one file: sae_weights.safetensors, sae.safetensors, ae.pt, params.npz, layer_N.safetensors or an OpenAI .pt");
    }

    private static ITensorContainer Open(string path)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong) + 1];
        long length;
        using (MemoryMappedBytes bytes = new(path))
        {
            length = bytes.Length;
            bytes.Slice(0, (int)Math.Min(start.Length, length)).CopyTo(start);
        }

        // A safetensors file begins with the length of its header, which may begin like the other two; those do not go on as a length that fits the file and a brace.
        if (start[^1] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(start) <= (ulong)length - sizeof(ulong))
        {
            return new SafeTensorsContainer(path);
        }

        if (start[0] == 0x80)
        {
            return new TorchContainer(path);
        }

        if (!start.StartsWith("PK"u8))
        {
            return new SafeTensorsContainer(path);
        }

        NumPyContainer arrays = new(path);
        if (arrays.Names.Count > 0)
        {
            return arrays;
        }

        arrays.Dispose();
        return new TorchContainer(path);
    }

    private ModelConfiguration? ReadConfiguration()
    {
        string folder = System.IO.Path.GetDirectoryName(WeightsPath) ?? string.Empty;
        string? path = new[] { "cfg.json", "config.json" }.Select(name => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return null;
        }

        using MemoryMappedBytes bytes = new(path);
        return bytes.Length <= LargestConfiguration
            ? ModelConfiguration.Parse(path, bytes.Slice(0, (int)bytes.Length).ToArray())
            : throw new InputException(path, "larger than 16 MiB", "give the file as it was published");
    }
}
