using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The tensors of a safetensors file.</summary>
internal sealed class SafeTensorsContainer(string path) : ITensorContainer
{
    private readonly SafeTensorsFile _file = new(path);

    public IReadOnlyCollection<string> Names => [.. _file.Tensors.Keys];

    public IReadOnlyList<long> Shape(string name) => _file.Tensor(name).Shape;

    public void ReadSingle(string name, Span<float> destination) => _file.ReadSingle(name, destination);

    public long ReadInteger(string name)
    {
        if (_file.Tensor(name).ElementCount != 1)
        {
            throw new InputException(path, $"tensor '{name}' is not one number", "give the file as it was published");
        }

        if (_file.Tensor(name).DataType == SafeTensorsDataType.Int32)
        {
            Span<int> value = stackalloc int[1];
            _file.ReadInt32(name, value);
            return value[0];
        }

        Span<long> number = stackalloc long[1];
        _file.ReadInt64(name, number);
        return number[0];
    }

    public void Dispose() => _file.Dispose();
}
