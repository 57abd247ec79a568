using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>The arrays of an .npz file. Each is read when its shape is first asked for, and freed when it has been copied.</summary>
internal sealed class NumPyContainer(string path) : ITensorContainer
{
    private readonly NpzFile _file = new(path);
    private (string Name, NumPyArray Array)? _last;

    public IReadOnlyCollection<string> Names => [.. _file.Names];

    public IReadOnlyList<long> Shape(string name) => Array(name).Shape;

    public void ReadSingle(string name, Span<float> destination)
    {
        NumPyArray array = Array(name);
        if (array.DataType is not (NumPyDataType.Float32 or NumPyDataType.Float64))
        {
            throw new InputException(array.Source, "does not hold floating-point numbers", "give the file as it was published");
        }

        array.CopyTo(0, destination);
        Forget();
    }

    public long ReadInteger(string name)
    {
        NumPyArray array = Array(name);
        return array.Length == 1 ? array.AsInt64s()[0] : throw new InputException(array.Source, "is not one number", "give the file as it was published");
    }

    public void Dispose()
    {
        Forget();
        _file.Dispose();
    }

    private NumPyArray Array(string name)
    {
        if (_last is { } last && last.Name == name)
        {
            return last.Array;
        }

        Forget();
        _last = (name, _file.Read(name));
        return _last.Value.Array;
    }

    private void Forget()
    {
        _last?.Array.Dispose();
        _last = null;
    }
}
