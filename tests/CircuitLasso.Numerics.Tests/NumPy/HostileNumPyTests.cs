using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class HostileNumPyTests
{
    private const string Good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

    [Theory]
    [InlineData(Good)]
    [InlineData("{'descr':'<f4','fortran_order':False,'shape':(2,)}")]
    [InlineData("{\"shape\": (2,), \"fortran_order\": True, \"descr\": \"<f4\"}   \n")]
    [InlineData(" { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) , } ")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}")]
    public void Any_spelling_of_the_dictionary_is_read(string header)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.npy"), Npy(header, 8));
        using NumPyArray array = NpyFile.Read(folder.PathOf("a.npy"));
        Assert.Equal(2, array.Length);
    }

    [Theory]
    [InlineData("", "not the dictionary")]
    [InlineData("{}", "not the dictionary")]
    [InlineData("[]", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\0", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': 2}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2**2,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551618,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,(1,))}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': 1}", "not the dictionary")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "not the dictionary")]
    [InlineData("{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}", "not the dictionary")]
    [InlineData("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}", "not the dictionary")]
    [InlineData("__import__('os').system('true')", "not the dictionary")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': '<U3', 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': '', 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "not read here")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "ends inside its data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "4 bytes after its data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", "8 bytes after its data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,)}", "ends inside its data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "too large to exist")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}", "too large to exist")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (8,)}", "neither 0 nor 1")]
    public void A_wrong_header_is_refused_with_the_file_and_the_reason(string header, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npy");
        File.WriteAllBytes(path, Npy(header, 8));
        InputException exception = Assert.Throws<InputException>(() => NpyFile.Read(path));
        Assert.Equal(path, exception.Subject);
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_dimensions_are_refused()
    {
        using TemporaryFolder folder = new();
        string shape = string.Concat(Enumerable.Repeat("1,", 65));
        File.WriteAllBytes(folder.PathOf("bad.npy"), Npy($"{{'descr': '<f4', 'fortran_order': True, 'shape': ({shape})}}", 4));
        Assert.Throws<InputException>(() => NpyFile.Read(folder.PathOf("bad.npy")));
    }

    [Theory]
    [InlineData(0, (byte)0x92, "not an .npy array")]
    [InlineData(5, (byte)'y', "not an .npy array")]
    [InlineData(6, (byte)0, "unknown .npy version")]
    [InlineData(6, (byte)4, "unknown .npy version")]
    [InlineData(6, (byte)2, "allowed")] // the length then includes the first letters of the header
    [InlineData(9, (byte)255, "ends inside its header")]
    public void A_wrong_start_is_refused(int place, byte value, string reason)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Npy(Good, 8);
        bytes[place] = value;
        File.WriteAllBytes(folder.PathOf("bad.npy"), bytes);
        Assert.Contains(reason, Assert.Throws<InputException>(() => NpyFile.Read(folder.PathOf("bad.npy"))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_and_folders_are_refused_with_their_names()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(folder.PathOf("a.npy"), Assert.Throws<InputException>(() => NpyFile.Read(folder.PathOf("a.npy"))).Subject);
        Assert.Equal(folder.Root, Assert.Throws<InputException>(() => NpyFile.Read(folder.Root)).Subject);
        Assert.Equal(folder.PathOf("a.npz"), Assert.Throws<InputException>(() => new NpzFile(folder.PathOf("a.npz"))).Subject);
        Assert.Equal(folder.Root, Assert.Throws<InputException>(() => new NpzFile(folder.Root)).Subject);
    }

    [Fact]
    public void Two_arrays_of_one_name_are_refused()
    {
        using TemporaryFolder folder = new();
        Zip(folder.PathOf("bad.npz"), CompressionLevel.NoCompression, ("a.npy", Npy(Good, 8)), ("a.npy", Npy(Good, 8)));
        Assert.Contains("two arrays named 'a'", Assert.Throws<InputException>(() => new NpzFile(folder.PathOf("bad.npz"))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shape_that_does_not_fit_its_entry_is_refused_before_anything_is_allocated()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npz");
        Zip(path, CompressionLevel.Optimal, ("a.npy", Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", 1 << 20)));
        using NpzFile file = new(path);
        InputException exception = Assert.Throws<InputException>(() => file.Read("a"));
        Assert.Equal($"{path} (a)", exception.Subject);
        Assert.Contains("ends inside its data", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_larger_than_the_memory_is_refused_before_it_is_allocated()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files are not sparse here");
        using TemporaryFolder folder = new();
        const long length = 1L << 42;
        byte[] start = Npy($"{{'descr': '|u1', 'fortran_order': False, 'shape': ({length},)}}", 0);
        using (FileStream stream = new(folder.PathOf("bad.npy"), FileMode.CreateNew))
        {
            stream.Write(start);
            try
            {
                stream.SetLength(start.Length + length);
            }
            catch (IOException exception)
            {
                Assert.Skip($"this file system has no file of 4 TiB: {exception.Message}");
            }
        }

        Assert.Contains("bytes of memory", Assert.Throws<InputException>(() => NpyFile.Read(folder.PathOf("bad.npy"))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_claims_to_grow_more_than_deflate_can_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npz");
        const uint claimed = 1 << 30;
        Zip(path, CompressionLevel.Optimal, ("a.npy", Npy($"{{'descr': '|u1', 'fortran_order': False, 'shape': ({claimed - 75},)}}", 1 << 10)));
        byte[] bytes = File.ReadAllBytes(path);

        // The length in the central directory, 24 bytes after its signature.
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8) + 24), claimed);
        File.WriteAllBytes(path, bytes);
        using NpzFile file = new(path);
        Assert.Contains("deflate cannot do", Assert.Throws<InputException>(() => file.Read("a")).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void A_flipped_bit_of_the_data_is_refused_by_the_checksum(CompressionLevel level)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npz");
        Zip(path, level, ("a.npy", Npy(Good, 8)));
        byte[] bytes = File.ReadAllBytes(path);
        int central = bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        bytes[central - (level == CompressionLevel.NoCompression ? 1 : 6)] ^= 4;
        File.WriteAllBytes(path, bytes);
        using NpzFile file = new(path);
        Assert.Throws<InputException>(() => file.Read("a"));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] npy = Npy(Good, 8);
        Zip(folder.PathOf("good.npz"), CompressionLevel.Optimal, ("a.npy", npy));
        byte[] npz = File.ReadAllBytes(folder.PathOf("good.npz"));
        for (int length = 0; length < npy.Length; length++)
        {
            string path = folder.PathOf("cut.npy");
            Mutation.Overwrite(path, npy.AsSpan(0, length));
            Assert.Throws<InputException>(() => NpyFile.Read(path));
        }

        for (int length = 0; length < npz.Length; length++)
        {
            string path = folder.PathOf("cut.npz");
            Mutation.Overwrite(path, npz.AsSpan(0, length));
            Assert.Throws<InputException>(() => new NpzFile(path));
        }
    }

    [Theory]
    [InlineData("npy", 4000)]
    [InlineData("stored", 3000)]
    [InlineData("deflated", 3000)]
    public void Damaged_files_are_refused_or_read_whole(string kind, int count)
    {
        using TemporaryFolder folder = new();
        byte[] valid = Npy("{'descr': '<i4', 'fortran_order': True, 'shape': (5, 3), }", 60);
        if (kind != "npy")
        {
            Zip(folder.PathOf("valid.npz"), kind == "stored" ? CompressionLevel.NoCompression : CompressionLevel.Optimal, ("a.npy", valid), ("b.npy", Npy(Good, 8)));
            valid = File.ReadAllBytes(folder.PathOf("valid.npz"));
        }

        string path = folder.PathOf("mutated");
        Random random = new(count);
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            Mutation.Overwrite(path, Mutation.Apply(valid, random));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(path, kind);
            }
            catch (InputException)
            {
                refused++;
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    private static void ReadAll(string path, string kind)
    {
        if (kind == "npy")
        {
            using NumPyArray array = NpyFile.Read(path);
            Assert.Equal(array.Length, array.AsDoubles().Length);
            return;
        }

        using NpzFile file = new(path);
        foreach (string name in file.Names)
        {
            using NumPyArray array = file.Read(name);
            Assert.Equal(array.Length, array.AsDoubles().Length);
        }
    }

    private static byte[] Npy(string header, int dataLength)
    {
        byte[] text = Encoding.Latin1.GetBytes(header);
        byte[] bytes = new byte[10 + text.Length + dataLength];
        "\u0093NUMPY\u0001\0"u8[1..].CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)text.Length);
        text.CopyTo(bytes.AsSpan(10));
        for (int i = 0; i < dataLength; i++)
        {
            bytes[10 + text.Length + i] = (byte)(i * 3);
        }

        return bytes;
    }

    private static void Zip(string path, CompressionLevel level, params (string Name, byte[] Bytes)[] entries)
    {
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries)
        {
            using Stream stream = archive.CreateEntry(name, level).Open();
            stream.Write(bytes);
        }
    }
}
