using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The file of a store's constant tensors, checked against its recorded checksum.</summary>
internal sealed class StoreConstantsFile : IDisposable
{
    private readonly SafeTensorsFile _file;

    public StoreConstantsFile(string folder, StoreConstants recorded)
    {
        StoreFolder.RequireLength(folder, recorded.File, recorded.Bytes);
        string path = Path.Combine(folder, recorded.File);
        StoreChecksum.Require(path, recorded.Sha256);
        _file = new SafeTensorsFile(path);
    }

    public IReadOnlyCollection<string> Names => [.. _file.Tensors.Keys];

    public StoreConstant Read(string name)
    {
        SafeTensorsEntry entry = _file.Tensor(name);
        if (entry.ElementCount > Array.MaxLength)
        {
            throw new InputException(_file.Path, $"tensor '{name}' has {entry.ElementCount} elements, too many for a constant", "make the store again");
        }

        float[] values = new float[entry.ElementCount];
        _file.ReadSingle(name, values);
        return new StoreConstant(name, entry.Shape, values);
    }

    public void Dispose() => _file.Dispose();
}
