using System.Text;
using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class NumPyFileTests
{
    private static readonly string[] _types = ["f4", "f8", "i4", "i8", "u1", "b1"];

    private static readonly long[][] _shapes = [[], [0], [1], [7], [3, 4], [4, 0, 2], [2, 3, 5], [1, 2, 1, 3], [1000, 300], [123_456]];

    [Fact]
    public void Numpy_and_this_project_write_the_same_bytes_and_read_each_other()
    {
        // The elements are 0, 1, 2, ... modulo 2 (bool), 251 (uint8) or a million; floats are halved.
        const string write = """
            import sys, json, os, numpy as np
            os.chdir(sys.argv[1])
            for code in json.loads(sys.argv[2]):
                for shape in json.loads(sys.argv[3]):
                    n = int(np.prod(shape, dtype=np.int64))
                    a = np.arange(n) % {'b1': 2, 'u1': 251}.get(code, 1000000)
                    a = (a / 2 if code[0] == 'f' else a).astype(code).reshape(shape)
                    f = np.array(a, order='F')
                    stem = '-'.join([code] + [str(d) for d in shape])
                    np.save(stem + '.c.npy', a)
                    np.save(stem + '.fortran.npy', f)
                    np.save(stem + '.big.npy', a.astype('>' + code if code[1] != '1' else code))
                    for v in ((2, 0), (3, 0)):
                        with open(stem + '.v%d.npy' % v[0], 'wb') as out: np.lib.format.write_array(out, a, version=v)
                    np.savez(stem + '.stored.npz', a=a, b=f)
                    np.savez_compressed(stem + '.deflated.npz', a=a, b=f)
            """;
        const string compare = """
            import sys, glob, zipfile, os, numpy as np
            os.chdir(sys.argv[1])
            for name in glob.glob('*.ours*.npz'):
                a = np.load(name.split('.')[0] + '.c.npy')
                z = np.load(name)
                assert list(z) == ['a', 'é/b'], list(z)
                for k in z: assert z[k].dtype == a.dtype and z[k].shape == a.shape and (z[k] == a).all(), name
                for i in zipfile.ZipFile(name).infolist():
                    assert i.compress_type == (8 if 'deflated' in name else 0), i
                    assert i.date_time == (1980, 1, 1, 0, 0, 0)
            print(len(glob.glob('*.ours*.npz')))
            """;
        using TemporaryFolder folder = new();
        Python.Run("numpy", write, folder.Root, JsonSerializer.Serialize(_types), JsonSerializer.Serialize(_shapes));
        foreach (string type in _types)
        {
            foreach (long[] shape in _shapes)
            {
                string stem = folder.PathOf(string.Join('-', [type, .. shape.Select(d => $"{d}")]));
                using NumPyArray expected = Counting(type, shape);
                CheckReading(stem, expected);
                NpyFile.Write(stem + ".ours.npy", expected);
                Assert.Equal(File.ReadAllBytes(stem + ".c.npy"), File.ReadAllBytes(stem + ".ours.npy"));
                NpzFile.Write(stem + ".ours.npz", [new("a", expected), new("é/b", expected)]);
                NpzFile.Write(stem + ".ours-deflated.npz", [new("a", expected), new("é/b", expected)], compress: true);
            }
        }

        Assert.Equal($"{_types.Length * _shapes.Length * 2}", Python.Run("numpy", compare, folder.Root).Trim());
    }

    private static void CheckReading(string stem, NumPyArray expected)
    {
        foreach (string name in new[] { "c", "fortran", "big", "v2", "v3" })
        {
            using NumPyArray actual = NpyFile.Read($"{stem}.{name}.npy");
            AssertSame(expected, actual);
        }

        foreach (string name in new[] { "stored", "deflated" })
        {
            using NpzFile file = new($"{stem}.{name}.npz");
            Assert.Equal(["a", "b"], file.Names);
            using NumPyArray first = file.Read("a");
            using NumPyArray second = file.Read("b");
            AssertSame(expected, first);
            AssertSame(expected, second);
        }
    }

    [Fact]
    public void Writing_twice_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        using NumPyArray array = Counting("f4", [100, 7]);
        foreach (bool compress in new[] { false, true })
        {
            NpzFile.Write(folder.PathOf("1.npz"), [new("a", array), new("b", array)], compress);
            NpzFile.Write(folder.PathOf("2.npz"), [new("a", array), new("b", array)], compress);
            Assert.Equal(File.ReadAllBytes(folder.PathOf("1.npz")), File.ReadAllBytes(folder.PathOf("2.npz")));
        }
    }

    [Fact]
    public void Names_must_be_different()
    {
        using TemporaryFolder folder = new();
        using NumPyArray array = Counting("f4", [1]);
        Assert.Throws<ArgumentException>(() => NpzFile.Write(folder.PathOf("a.npz"), [new("a", array), new("a", array)]));
        Assert.Throws<ArgumentException>(() => NpzFile.Write(folder.PathOf("a.npz"), [new("", array)]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void The_reference_tensors_are_read()
    {
        string path = SharedData.Require("reference", "stories260k.npz");
        const string script = """
            import sys, numpy as np
            z = np.load(sys.argv[1])
            for k in z.files:
                a = z[k].astype(np.float64).ravel()
                print(k, '%.17g' % a.sum(), '%.17g' % (a * np.arange(a.size)).sum(), z[k].dtype.str, *z[k].shape, sep='\t')
            """;
        string[] lines = Python.Run("numpy", script, path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using NpzFile file = new(path);
        Assert.Equal(lines.Select(line => line.Split('\t')[0]), file.Names);
        foreach (string[] fields in lines.Select(line => line.TrimEnd('\r').Split('\t')))
        {
            using NumPyArray array = file.Read(fields[0]);
            double[] values = array.AsDoubles();
            double sum = double.Parse(fields[1]);
            double scale = values.Sum(Math.Abs) + 1e-300;
            Assert.Equal(sum, values.Sum(), 1e-12 * scale);
            Assert.Equal(double.Parse(fields[2]), values.Select((value, i) => value * i).Sum(), 1e-12 * scale * values.Length);
            Assert.Equal(fields[3], NumPyDataTypes.Description(array.DataType));
            Assert.Equal(fields[4..].Select(long.Parse), array.Shape);
        }
    }

    [Fact]
    public void Entries_that_are_not_arrays_are_left_out_and_unknown_types_are_refused_when_read()
    {
        using TemporaryFolder folder = new();
        const string script = """
            import sys, zipfile, numpy as np
            np.savez(sys.argv[1], format=np.array(b'csc'), half=np.zeros(2, 'f2'), record=np.zeros(2, [('x', 'i4')]), good=np.arange(3))
            with zipfile.ZipFile(sys.argv[1], 'a') as z: z.writestr('readme.txt', 'text')
            """;
        string path = folder.PathOf("a.npz");
        Python.Run("numpy", script, path);
        using NpzFile file = new(path);
        Assert.Equal(["format", "half", "record", "good"], file.Names);
        foreach (string name in new[] { "format", "half", "record" })
        {
            InputException exception = Assert.Throws<InputException>(() => file.Read(name));
            Assert.Equal($"{path} ({name})", exception.Subject);
            Assert.Contains("not read here", exception.Problem, StringComparison.Ordinal);
        }

        using NumPyArray good = file.Read("good");
        Assert.Equal([0, 1, 2], good.AsInt64s());
        Assert.True(file.Contains("good"));
        Assert.False(file.Contains("readme.txt"));
        Assert.Contains("'none'", Assert.Throws<InputException>(() => file.Read("none")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Zip64_entries_are_read()
    {
        using TemporaryFolder folder = new();
        const string script = """
            import sys, io, zipfile, numpy as np
            with zipfile.ZipFile(sys.argv[1], 'w') as z:
                with z.open('a.npy', 'w', force_zip64=True) as f: np.lib.format.write_array(f, np.arange(5.0))
            """;
        Python.Run("numpy", script, folder.PathOf("a.npz"));
        using NpzFile file = new(folder.PathOf("a.npz"));
        using NumPyArray array = file.Read("a");
        Assert.Equal([0, 1, 2, 3, 4], array.AsSingles());
    }

    [Fact]
    public void The_checksum_is_the_one_of_the_standard()
    {
        using Crc32Stream stream = new(new MemoryStream(Encoding.ASCII.GetBytes("123456789")));
        stream.CopyTo(Stream.Null);
        Assert.Equal(0xCBF43926u, stream.Value);
    }

    internal static NumPyArray Counting(string type, long[] shape)
    {
        int[] count = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, d) => product * d)).Select(i => i % (type == "b1" ? 2 : type == "u1" ? 251 : 1_000_000))];
        return type switch
        {
            "f4" => NumPyArray.Create<float>([.. count.Select(i => i / 2f)], shape),
            "f8" => NumPyArray.Create<double>([.. count.Select(i => i / 2.0)], shape),
            "i4" => NumPyArray.Create<int>(count, shape),
            "i8" => NumPyArray.Create<long>([.. count.Select(i => (long)i)], shape),
            "u1" => NumPyArray.Create<byte>([.. count.Select(i => (byte)i)], shape),
            _ => NumPyArray.Create<bool>([.. count.Select(i => i == 1)], shape),
        };
    }

    private static void AssertSame(NumPyArray expected, NumPyArray actual)
    {
        Assert.Equal(expected.DataType, actual.DataType);
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Length, actual.Length);
        Assert.True(expected.AsDoubles().AsSpan().SequenceEqual(actual.AsDoubles()));
    }
}
