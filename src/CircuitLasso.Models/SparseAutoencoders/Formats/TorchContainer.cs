using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The tensors of a torch file that holds a state dictionary, and what else lies beside them in it.</summary>
internal sealed class TorchContainer : ITensorContainer
{
    public TorchContainer(string path)
    {
        File = TorchFile.Read(path);
        try
        {
            Names = [.. File.Dictionary.Where(pair => pair.Value is TorchTensor).Select(pair => pair.Key)];
        }
        catch
        {
            File.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public TorchFile File { get; }

    public IReadOnlyCollection<string> Names { get; }

    public IReadOnlyList<long> Shape(string name) => File.Tensor(name).Shape;

    public void ReadSingle(string name, Span<float> destination) => File.Tensor(name).ReadSingle(destination);

    public long ReadInteger(string name)
    {
        TorchTensor tensor = File.Tensor(name);
        if (tensor.ElementCount != 1)
        {
            throw new InputException(File.Path, $"tensor '{name}' is not one number", "give the file as it was published");
        }

        Span<long> value = stackalloc long[1];
        tensor.ReadInt64(value);
        return value[0];
    }

    public void Dispose() => File.Dispose();
}
