using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace CircuitLasso.Numerics.Tests;

/// <summary>Puts pickles together operation by operation, and archives entry by entry.</summary>
internal sealed class HandBuiltTorchFile
{
    private readonly List<byte> _pickle = [0x80, 2];

    public byte[] Pickle => [.. _pickle, (byte)'.'];

    public HandBuiltTorchFile Raw(params byte[] bytes)
    {
        _pickle.AddRange(bytes);
        return this;
    }

    public HandBuiltTorchFile Operation(params string[] operations)
    {
        foreach (string operation in operations)
        {
            _pickle.AddRange(Encoding.Latin1.GetBytes(operation));
        }

        return this;
    }

    public HandBuiltTorchFile Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Operation("X").Raw(length).Raw(utf8);
    }

    public HandBuiltTorchFile Integer(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Raw(0x8A, 8).Raw(bytes);
    }

    public HandBuiltTorchFile Global(string module, string name) => Operation("c", module, "\n", name, "\n");

    public HandBuiltTorchFile Tuple(params long[] values)
    {
        Operation("(");
        foreach (long value in values)
        {
            Integer(value);
        }

        return Operation("t");
    }

    public HandBuiltTorchFile Storage(string storageClass, string key, long length) =>
        Operation("(").Text("storage").Global("torch", storageClass).Text(key).Text("cpu").Integer(length).Operation("tQ");

    public HandBuiltTorchFile Tensor(string storageClass, string key, long length, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Operation("(").Storage(storageClass, key, length).Integer(offset).Tuple(shape).Tuple(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Operation(")RtR");

    /// <summary>A dictionary of one tensor, t.</summary>
    public static HandBuiltTorchFile One(string storageClass, long length, long offset, long[] shape, long[] strides) =>
        new HandBuiltTorchFile().Operation("}").Text("t").Tensor(storageClass, "0", length, offset, shape, strides).Operation("s");

    public void WriteArchive(string path, params (string Name, byte[] Bytes)[] entries) => WriteArchive(path, CompressionLevel.NoCompression, entries);

    public void WriteArchive(string path, CompressionLevel level, params (string Name, byte[] Bytes)[] entries)
    {
        File.Delete(path);
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries.Prepend(("data.pkl", Pickle)))
        {
            using Stream stream = archive.CreateEntry("saved/" + name, level).Open();
            stream.Write(bytes);
        }
    }
}
