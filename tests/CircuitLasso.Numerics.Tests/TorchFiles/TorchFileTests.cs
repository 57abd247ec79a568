using System.IO.Compression;
using System.Runtime.InteropServices;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class TorchFileTests
{
    private static readonly float[] _twelve = [.. Enumerable.Range(0, 12).Select(i => (float)i)];

    [Theory]
    [InlineData(0L, new long[] { 3, 4 }, new long[] { 4, 1 }, new float[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 })]
    [InlineData(0L, new long[] { 4, 3 }, new long[] { 1, 4 }, new float[] { 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 })]
    [InlineData(5L, new long[] { 3 }, new long[] { 3 }, new float[] { 5, 8, 11 })]
    [InlineData(2L, new long[] { 2, 1, 3 }, new long[] { 5, 77, 1 }, new float[] { 2, 3, 4, 7, 8, 9 })]
    [InlineData(7L, new long[] { }, new long[] { }, new float[] { 7 })]
    [InlineData(3L, new long[] { 2, 2 }, new long[] { 1, 0 }, new float[] { 3, 3, 4, 4 })]
    [InlineData(12L, new long[] { 0, 5 }, new long[] { 5, 1 }, new float[] { })]
    public void A_tensor_is_read_by_its_offset_and_strides(long offset, long[] shape, long[] strides, float[] expected)
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One("FloatStorage", 12, offset, shape, strides).WriteArchive(folder.PathOf("a.pt"), ("data/0", MemoryMarshal.AsBytes<float>(_twelve).ToArray()));
        using TorchFile file = TorchFile.Read(folder.PathOf("a.pt"));
        TorchTensor tensor = file.Tensor("t");
        Assert.Equal(shape, tensor.Shape);
        float[] values = new float[tensor.ElementCount];
        tensor.ReadSingle(values);
        Assert.Equal(expected, values);
        List<byte> bytes = [];
        tensor.CopyTo(piece => bytes.AddRange(piece));
        Assert.Equal(MemoryMarshal.AsBytes<float>(expected).ToArray(), bytes);
        Assert.Equal("saved", file.ArchiveName);
    }

    [Fact]
    public void Every_element_type_is_read()
    {
        RequireFloats("DoubleStorage", MemoryMarshal.AsBytes<double>([1.5, -2, 1e-3]).ToArray(), [1.5f, -2, 1e-3f]);
        RequireFloats("HalfStorage", MemoryMarshal.AsBytes<Half>([(Half)1.5, (Half)(-2), (Half).25]).ToArray(), [1.5f, -2, .25f]);
        RequireFloats("BFloat16Storage", [0xC0, 0x3F, 0x00, 0xC0, 0x80, 0x3E], [1.5f, -2, .25f]);
        RequireIntegers("LongStorage", MemoryMarshal.AsBytes<long>([1, -2, long.MaxValue]).ToArray(), [1, -2, long.MaxValue]);
        RequireIntegers("IntStorage", MemoryMarshal.AsBytes<int>([1, -2, int.MaxValue]).ToArray(), [1, -2, int.MaxValue]);
        RequireIntegers("ShortStorage", MemoryMarshal.AsBytes<short>([1, -2, 3]).ToArray(), [1, -2, 3]);
        RequireIntegers("CharStorage", [1, 0xFE, 3], [1, -2, 3]);
        RequireIntegers("ByteStorage", [1, 0xFE, 3], [1, 254, 3]);
        RequireIntegers("BoolStorage", [1, 0, 1], [1, 0, 1]);
    }

    [Fact]
    public void A_deflated_archive_is_read()
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One("FloatStorage", 12, 0, [12], [1]).WriteArchive(folder.PathOf("a.pt"), CompressionLevel.Optimal, ("data/0", MemoryMarshal.AsBytes<float>(_twelve).ToArray()));
        using TorchFile file = TorchFile.Read(folder.PathOf("a.pt"));
        float[] values = new float[12];
        file.Tensor("t").ReadSingle(values);
        Assert.Equal(_twelve, values);
    }

    [Fact]
    public void Elements_that_do_not_lie_side_by_side_are_copied_across_pieces()
    {
        const int rows = 300;
        const int columns = 2_000;
        float[] stored = [.. Enumerable.Range(0, rows * columns).Select(i => i * 0.5f)];
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One("FloatStorage", stored.Length, 0, [columns, rows], [1, columns]).WriteArchive(folder.PathOf("a.pt"), ("data/0", MemoryMarshal.AsBytes<float>(stored).ToArray()));
        using TorchFile file = TorchFile.Read(folder.PathOf("a.pt"));
        float[] expected = new float[stored.Length];
        file.Tensor("t").ReadSingle(expected);
        List<byte> bytes = [];
        int pieces = 0;
        file.Tensor("t").CopyTo(piece =>
        {
            pieces++;
            bytes.AddRange(piece);
        });
        Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(bytes.ToArray()).ToArray());
        Assert.Equal(3, pieces);
        Assert.Equal(["t"], file.Tensors().Keys);
    }

    [Fact]
    public void Numbers_of_NumPy_are_read_from_a_pickle_that_Python_wrote()
    {
        const string script = """
            import numpy, pickle, sys
            value = {"f8": numpy.sqrt(3.0), "f4": numpy.float32(0.25), "i8": numpy.int64(-5), "i4": numpy.int32(7), "b1": numpy.bool_(True), "again": numpy.float64(-1.5)}
            with open(sys.argv[1], "wb") as file:
                pickle.dump(value, file, protocol=int(sys.argv[2]))
            """;
        using TemporaryFolder folder = new();
        foreach (string protocol in (string[])["2", "3", "4", "5"])
        {
            Python.Run("numpy", script, folder.PathOf("a.pkl"), protocol);
            using TorchFile file = TorchFile.Read(folder.PathOf("a.pkl"));
            Assert.Equal([Math.Sqrt(3), 0.25, -5L, 7L, true, -1.5], ((string[])["f8", "f4", "i8", "i4", "b1", "again"]).Select(key => file.Dictionary[key]!));
        }
    }

    [Fact]
    public void Values_without_tensors_are_read_from_a_pickle_that_Python_wrote()
    {
        const string script = """
            import pickle, sys
            class Config:
                pass
            Config.__module__, Config.__qualname__ = "library.config", "Config"
            import types
            sys.modules["library"] = types.ModuleType("library")
            sys.modules["library.config"] = module = types.ModuleType("library.config")
            module.Config = Config
            config = Config()
            config.layers, config.name, config.rate, config.flag, config.nothing = 3, "naïve", .25, True, None
            value = {"edges": [("a.0", "b[1]"), ("c", "d")], "numbers": [0, 255, 256, -1, 2**31, -2**40], "config": config, "shared": [config.name] * 3, "empty": ((), [], {})}
            with open(sys.argv[1], "wb") as file:
                pickle.dump(value, file, protocol=int(sys.argv[2]))
            """;
        using TemporaryFolder folder = new();
        foreach (string protocol in (string[])["2", "3", "4", "5"])
        {
            Python.Run("pickle", script, folder.PathOf("a.pkl"), protocol);
            using TorchFile file = TorchFile.Read(folder.PathOf("a.pkl"), new HashSet<string> { "library.config.Config" });
            List<object?> edges = Assert.IsType<List<object?>>(file.Dictionary["edges"]);
            Assert.Equal(["a.0", "b[1]"], Assert.IsType<object?[]>(edges[0]));
            Assert.Equal([0L, 255L, 256L, -1L, 1L << 31, -(1L << 40)], Assert.IsType<List<object?>>(file.Dictionary["numbers"]));
            TorchObject config = Assert.IsType<TorchObject>(file.Dictionary["config"]);
            Assert.Equal("library.config.Config", config.TypeName);
            Assert.Equal((3L, "naïve", .25, true, null), ((long)config.Attributes!["layers"]!, (string)config.Attributes["name"]!, (double)config.Attributes["rate"]!, (bool)config.Attributes["flag"]!, config.Attributes["nothing"]));
            Assert.Equal(3, Assert.IsType<List<object?>>(file.Dictionary["shared"]).Count);
            Assert.Contains("library.config.Config", Assert.Throws<InputException>(() => TorchFile.Read(folder.PathOf("a.pkl"))).Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_published_file_is_read()
    {
        string path = SharedData.Require("sae-format", "sae_128_4.pt");
        using TorchFile file = TorchFile.Read(path);
        Assert.Equal("sae_128_4", file.ArchiveName);
        float[] encoder = new float[64 * 128];
        float[] decoder = new float[128 * 64];
        Assert.Equal([64, 128], file.Tensor("encoder_weights").Shape);
        file.Tensor("encoder_weights").ReadSingle(encoder);
        file.Tensor("decoder_weights").ReadSingle(decoder);
        string expected = Python.Run(
            "numpy",
            """
            import sys, zipfile, numpy as np
            with zipfile.ZipFile(sys.argv[1]) as z:
                e = np.frombuffer(z.read("sae_128_4/data/3"), "<f4").reshape(128, 64).T
                d = np.frombuffer(z.read("sae_128_4/data/2"), "<f4").reshape(128, 64)
            print(repr(float(e[5, 77])), repr(float(e[63, 127])), repr(float(d[77, 5])))
            """,
            path);
        Assert.Equal([(float)encoder[(5 * 128) + 77], encoder[^1], decoder[(77 * 64) + 5]], expected.Split(' ').Select(float.Parse));
    }

    [Fact]
    public void Whole_numbers_and_floating_point_numbers_are_not_taken_for_each_other()
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One("IntStorage", 1, 0, [1], [1]).WriteArchive(folder.PathOf("a.pt"), ("data/0", new byte[4]));
        using TorchFile integers = TorchFile.Read(folder.PathOf("a.pt"));
        Assert.Throws<InputException>(() => integers.Tensor("t").ReadSingle(new float[1]));
        Assert.Throws<ArgumentException>(() => integers.Tensor("t").ReadInt64(new long[2]));
        Assert.Throws<InputException>(() => integers.Tensor("u"));
    }

    private static void RequireFloats(string storageClass, byte[] bytes, float[] expected)
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One(storageClass, 3, 0, [3], [1]).WriteArchive(folder.PathOf("a.pt"), ("data/0", bytes));
        using TorchFile file = TorchFile.Read(folder.PathOf("a.pt"));
        float[] values = new float[3];
        file.Tensor("t").ReadSingle(values);
        Assert.Equal(expected, values);
        Assert.Throws<InputException>(() => file.Tensor("t").ReadInt64(new long[3]));
    }

    private static void RequireIntegers(string storageClass, byte[] bytes, long[] expected)
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile.One(storageClass, 3, 0, [3], [1]).WriteArchive(folder.PathOf("a.pt"), ("data/0", bytes));
        using TorchFile file = TorchFile.Read(folder.PathOf("a.pt"));
        long[] values = new long[3];
        file.Tensor("t").ReadInt64(values);
        Assert.Equal(expected, values);
    }
}
