using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class SafeTensorsWriterTests
{
    private static readonly SafeTensorsDeclaration[] _declarations =
    [
        new("offsets", SafeTensorsDataType.Int64, 3),
        new("double", SafeTensorsDataType.Float64, 2),
        new("empty", SafeTensorsDataType.Float32, 0, 4),
        new("indices", SafeTensorsDataType.Int32, 2, 2),
        new("values", SafeTensorsDataType.Float32, 2, 3),
        new("scalar", SafeTensorsDataType.Float32),
        new("mask", SafeTensorsDataType.Boolean, 3),
    ];

    private static readonly Dictionary<string, string> _metadata = new() { ["z"] = "1", ["a"] = "ö" };

    [Fact]
    public void Numpy_reads_what_is_written()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.safetensors");
        Write(path, _declarations, _metadata, pieces: 1);
        const string script = """
            import sys, json, struct, numpy as np
            b = open(sys.argv[1], 'rb').read()
            n = struct.unpack('<Q', b[:8])[0]
            assert n % 8 == 0
            h = json.loads(b[8:8+n])
            assert h.pop('__metadata__') == {'a': 'ö', 'z': '1'}
            types = {'F32': '<f4', 'F64': '<f8', 'I32': '<i4', 'I64': '<i8', 'BOOL': '?'}
            a = {k: np.frombuffer(b[8+n:][slice(*t['data_offsets'])], types[t['dtype']]).reshape(t['shape']) for k, t in h.items()}
            assert list(a) == ['offsets', 'double', 'empty', 'indices', 'values', 'scalar', 'mask']
            assert max(t['data_offsets'][1] for t in h.values()) + 8 + n == len(b)
            assert a['offsets'].tolist() == [0, 1 << 40, -1]
            assert a['double'].tolist() == [0.1, -2.5]
            assert a['empty'].shape == (0, 4)
            assert a['indices'].tolist() == [[1, 2], [3, 4]]
            assert a['values'].tolist() == [[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]
            assert a['scalar'].shape == () and a['scalar'] == 7
            assert a['mask'].tolist() == [True, False, True]
            print('read')
            """;
        Assert.Equal("read", Python.Run("numpy", script, path).Trim());
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_pieces_nor_on_the_order_of_the_metadata()
    {
        using TemporaryFolder folder = new();
        string whole = Write(folder.PathOf("1.safetensors"), _declarations, _metadata, pieces: 1);
        string pieces = Write(folder.PathOf("2.safetensors"), _declarations, new Dictionary<string, string> { ["a"] = "ö", ["z"] = "1" }, pieces: 3);
        Assert.Equal(File.ReadAllBytes(folder.PathOf("1.safetensors")), File.ReadAllBytes(folder.PathOf("2.safetensors")));
        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void The_hash_is_that_of_the_file()
    {
        using TemporaryFolder folder = new();
        string hash = Write(folder.PathOf("a.safetensors"), _declarations, null, pieces: 2);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.PathOf("a.safetensors")))), hash);
    }

    [Fact]
    public void A_file_that_is_not_completed_is_not_there()
    {
        using TemporaryFolder folder = new();
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), [new("a", SafeTensorsDataType.Int32, 2)]))
        {
            writer.Write("a", [1]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void Elements_out_of_turn_of_another_type_or_too_many_are_refused()
    {
        using TemporaryFolder folder = new();
        using SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), [new("a", SafeTensorsDataType.Int32, 2), new("b", SafeTensorsDataType.Float32, 1)]);
        Assert.Throws<InvalidOperationException>(() => writer.Write("b", [1f]));
        Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1f]));
        Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1, 2, 3]));
        writer.Write("a", [1, 2]);
        Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1]));
        writer.Write("b", [1f]);
        Assert.Throws<InvalidOperationException>(() => writer.Write("b", [1f]));
        writer.Complete();
        Assert.Throws<InvalidOperationException>(writer.Complete);
    }

    [Fact]
    public void Impossible_declarations_are_refused_before_a_file_is_started()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.safetensors");
        foreach (SafeTensorsDeclaration[] bad in new SafeTensorsDeclaration[][]
        {
            [new("a", SafeTensorsDataType.Int32, 1), new("a", SafeTensorsDataType.Int32, 1)],
            [new("__metadata__", SafeTensorsDataType.Int32, 1)],
            [new("a", SafeTensorsDataType.Int32, -1)],
            [new("a", SafeTensorsDataType.Int32, long.MaxValue)],
            [new("a", SafeTensorsDataType.Int8, long.MaxValue), new("b", SafeTensorsDataType.Int8, 1)],
        })
        {
            Assert.Throws<ArgumentException>(() => new SafeTensorsWriter(path, bad));
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_file_without_tensors_can_be_written()
    {
        using TemporaryFolder folder = new();
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), []))
        {
            writer.Complete();
        }

        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata);
    }

    private static string Write(string path, SafeTensorsDeclaration[] declarations, IReadOnlyDictionary<string, string>? metadata, int pieces)
    {
        using SafeTensorsWriter writer = new(path, declarations, metadata, computeHash: true);
        InPieces<long>([0, 1L << 40, -1], pieces, piece => writer.Write("offsets", piece));
        InPieces([0.1, -2.5], pieces, piece => writer.Write("double", piece));
        InPieces([1, 2, 3, 4], pieces, piece => writer.Write("indices", piece));
        InPieces([0, 0.5f, 1, 1.5f, 2, 2.5f], pieces, piece => writer.Write("values", piece));
        writer.Write("scalar", [7f]);
        InPieces<byte>([1, 0, 1], pieces, piece => writer.WriteBytes("mask", piece));
        return writer.Complete()!;
    }

    private static void InPieces<T>(T[] elements, int pieces, Action<T[]> write)
    {
        for (int i = 0; i < pieces; i++)
        {
            write(elements[(elements.Length * i / pieces)..(elements.Length * (i + 1) / pieces)]);
        }
    }
}
