using System.Buffers.Binary;
using System.IO.Compression;
using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class HostileTorchFileTests
{
    private static readonly byte[] _data = new byte[48];

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_tensor")]
    [InlineData("collections", "deque")]
    [InlineData("a", "b")]
    public void A_name_that_is_not_on_the_list_is_refused(string module, string name) =>
        Refused(new HandBuiltTorchFile().Global(module, name).Text("true").Raw(0x85).Operation("R"), $"{module}.{name}");

    [Fact]
    public void Operations_that_data_do_not_need_are_refused()
    {
        foreach (char operation in "iopSUVIFLlcgd2RP\u0090\u008f\u0092\u0082\u0096")
        {
            Refused(new HandBuiltTorchFile().Operation("}", operation.ToString(), "(((((\n\n\n"), "");
        }
    }

    [Theory]
    [InlineData(12L, 0L, new long[] { 13 }, new long[] { 1 }, "storage of 12")]
    [InlineData(12L, 1L, new long[] { 12 }, new long[] { 1 }, "reaches beyond")]
    [InlineData(12L, 0L, new long[] { 3, 4 }, new long[] { 4, 2 }, "reaches beyond")]
    [InlineData(12L, 0L, new long[] { 2, 2 }, new long[] { long.MaxValue, long.MaxValue }, "reaches beyond")]
    [InlineData(12L, 0L, new long[] { 4096, 4096, 4096 }, new long[] { 0, 0, 0 }, "storage of 12")]
    [InlineData(12L, 0L, new long[] { long.MaxValue, 3 }, new long[] { 0, 0 }, "storage of 12")]
    [InlineData(12L, 0L, new long[] { 0, long.MaxValue, 3 }, new long[] { 0, 0, 0 }, "storage of 12")]
    [InlineData(12L, -1L, new long[] { 2 }, new long[] { 1 }, "disagree")]
    [InlineData(12L, 0L, new long[] { -2 }, new long[] { 1 }, "damaged")]
    [InlineData(12L, 0L, new long[] { 2 }, new long[] { -1 }, "damaged")]
    [InlineData(12L, 0L, new long[] { 2 }, new long[] { 1, 1 }, "disagree")]
    [InlineData(12L, 12L, new long[] { }, new long[] { }, "reaches beyond")]
    [InlineData(13L, 0L, new long[] { 2 }, new long[] { 1 }, "does not have so many")]
    [InlineData(11L, 0L, new long[] { 2 }, new long[] { 1 }, "does not have so many")]
    [InlineData(-12L, 0L, new long[] { 2 }, new long[] { 1 }, "does not have so many")]
    [InlineData(long.MaxValue, 0L, new long[] { 2 }, new long[] { 1 }, "does not have so many")]
    public void A_tensor_that_does_not_fit_its_storage_is_refused(long length, long offset, long[] shape, long[] strides, string reason) =>
        Refused(HandBuiltTorchFile.One("FloatStorage", length, offset, shape, strides), reason);

    [Fact]
    public void A_storage_that_is_not_there_or_of_an_unknown_type_is_refused()
    {
        Refused(new HandBuiltTorchFile().Operation("}").Text("t").Tensor("FloatStorage", "1", 12, 0, [2], [1]).Operation("s"), "there is none");
        Refused(new HandBuiltTorchFile().Operation("}").Text("t").Tensor("FloatStorage", "../data/0", 12, 0, [2], [1]).Operation("s"), "there is none");
        Refused(HandBuiltTorchFile.One("ComplexFloatStorage", 6, 0, [2], [1]), "ComplexFloatStorage");
        Refused(new HandBuiltTorchFile().Storage("FloatStorage", "0", 12), "a name or a storage");
        Refused(new HandBuiltTorchFile().Text("0").Operation("Q"), "damaged");
    }

    [Fact]
    public void A_list_that_contains_itself_is_refused()
    {
        Refused(new HandBuiltTorchFile().Operation("]q", "\0", "h", "\0", "a"), "contains itself");
        Refused(new HandBuiltTorchFile().Operation("}q", "\0").Text("a").Operation("h", "\0", "s"), "contains itself");
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        HandBuiltTorchFile file = new();
        for (int i = 0; i < 100_000; i++)
        {
            file.Operation(")").Raw(0x85);
        }

        Refused(file, "");
        file = new HandBuiltTorchFile().Operation(")");
        for (int i = 0; i < 100_000; i++)
        {
            file.Raw(0x85);
        }

        Refused(file, "nested deeper");
    }

    [Fact]
    public void A_small_file_that_unfolds_to_something_huge_is_refused()
    {
        // Each list holds the one before it twice.
        HandBuiltTorchFile file = new HandBuiltTorchFile().Operation("]q", "\0", "0");
        for (int i = 0; i < 30; i++)
        {
            file.Operation("]", "h", "\0", "a", "h", "\0", "a", "q", "\0", "0");
        }

        Refused(file.Operation("h", "\0"), "unfolds");
    }

    [Fact]
    public void More_objects_than_any_model_has_are_refused()
    {
        HandBuiltTorchFile file = new HandBuiltTorchFile().Operation("](");
        Refused(file.Raw([.. Enumerable.Repeat((byte)')', 2_000_000)]).Operation("e"), "objects");
    }

    [Fact]
    public void Other_keys_than_strings_and_keys_that_come_twice_are_refused()
    {
        Refused(new HandBuiltTorchFile().Operation("}").Integer(1).Integer(2).Operation("s"), "not a string");
        Refused(new HandBuiltTorchFile().Operation("}").Text("a").Integer(2).Operation("s").Text("a").Integer(3).Operation("s"), "twice");
    }

    [Fact]
    public void What_a_number_or_a_text_cannot_be_is_refused()
    {
        Refused(new HandBuiltTorchFile().Raw(0x8A, 9).Raw(new byte[9]), "64 bits");
        Refused(new HandBuiltTorchFile().Raw(0x8C, 1, 0xFF), "UTF-8");
        Refused(new HandBuiltTorchFile().Operation("X").Raw(0xFF, 0xFF, 0xFF, 0xFF), "ends inside");
        Refused(new HandBuiltTorchFile().Raw(0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), "ends inside");
    }

    [Fact]
    public void Numbers_of_NumPy_that_are_not_read_are_refused()
    {
        static HandBuiltTorchFile Type(string code, string order) => new HandBuiltTorchFile().Global("numpy.core.multiarray", "scalar").Global("numpy", "dtype")
            .Text(code).Raw(0x89, 0x88, 0x87).Operation("R", "(").Integer(3).Text(order).Operation("NNN").Integer(-1).Integer(-1).Integer(0).Operation("tb");
        Refused(Type("f8", ">").Raw((byte)'C', 8).Raw(new byte[8]).Raw(0x86).Operation("R"), "sets the state");
        Refused(Type("f8", "<").Raw((byte)'C', 7).Raw(new byte[7]).Raw(0x86).Operation("R"), "arguments that it does not take");
        Refused(Type("O8", "|").Raw((byte)'C', 8).Raw(new byte[8]).Raw(0x86).Operation("R"), "arguments that it does not take");
        Refused(new HandBuiltTorchFile().Raw((byte)'C', 2, 1, 2), "bytes");
        Refused(new HandBuiltTorchFile().Raw((byte)'B', 0xFF, 0xFF, 0xFF, 0x7F), "ends inside");
        Refused(new HandBuiltTorchFile().Global("numpy", "dtype").Text("f8").Raw(0x89, 0x88, 0x87).Operation("R"), "a type");
        Refused(new HandBuiltTorchFile().Global("_codecs", "encode").Text("a").Text("utf8").Raw(0x86).Operation("R"), "arguments that it does not take");
    }

    [Fact]
    public void The_format_before_version_1_6_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.pt"), (byte[])[0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.']);
        InputException exception = Assert.Throws<InputException>(() => TorchFile.Read(folder.PathOf("a.pt")));
        Assert.Contains("before PyTorch 1.6", exception.Problem, StringComparison.Ordinal);
        Assert.Contains("torch.save", exception.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Archives_that_are_not_torch_files_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.pt");
        HandBuiltTorchFile good = HandBuiltTorchFile.One("FloatStorage", 12, 0, [12], [1]);
        good.WriteArchive(path, ("data/0", _data), ("data/0", _data));
        Assert.Contains("two entries", Assert.Throws<InputException>(() => TorchFile.Read(path)).Problem, StringComparison.Ordinal);
        good.WriteArchive(path, ("data/0", _data), ("byteorder", "big"u8.ToArray()));
        Assert.Contains("big-endian", Assert.Throws<InputException>(() => TorchFile.Read(path)).Problem, StringComparison.Ordinal);
        good.WriteArchive(path, ("data/0", _data), ("x/../data.pkl", _data));
        using (TorchFile file = TorchFile.Read(path))
        {
            Assert.Equal("saved", file.ArchiveName);
        }

        File.WriteAllBytes(path, []);
        Assert.Throws<InputException>(() => TorchFile.Read(path));
        File.WriteAllText(path, "hello");
        Assert.Contains("not a file of torch.save", Assert.Throws<InputException>(() => TorchFile.Read(path)).Problem, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => TorchFile.Read(folder.Root));
        Assert.Throws<InputException>(() => TorchFile.Read(folder.PathOf("b.pt")));
    }

    [Fact]
    public void An_entry_that_claims_to_grow_more_than_deflate_can_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.pt");
        const uint claimed = 1 << 20;
        HandBuiltTorchFile.One("ByteStorage", claimed, 0, [claimed], [1]).WriteArchive(path, CompressionLevel.Optimal, ("data/0", new byte[1000]));
        byte[] bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8) + 24), claimed);
        File.WriteAllBytes(path, bytes);
        using TorchFile file = TorchFile.Read(path);
        Assert.Contains("deflate", Assert.Throws<InputException>(() => file.Tensor("t").ReadInt64(new long[claimed])).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_of_a_storage_is_refused_by_the_checksum()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.pt");
        HandBuiltTorchFile.One("FloatStorage", 12, 0, [12], [1]).WriteArchive(path, ("data/0", Enumerable.Repeat((byte)0x5A, 48).ToArray()));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x5A, 0x5A, 0x5A])] ^= 1;
        File.WriteAllBytes(path, bytes);
        using TorchFile file = TorchFile.Read(path);
        Assert.Contains("checksum", Assert.Throws<InputException>(() => file.Tensor("t").ReadSingle(new float[12])).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        using TemporaryFolder folder = new();
        HandBuiltTorchFile good = HandBuiltTorchFile.One("FloatStorage", 12, 0, [12], [1]);
        good.WriteArchive(folder.PathOf("good.pt"), ("data/0", _data));
        byte[] archive = File.ReadAllBytes(folder.PathOf("good.pt"));
        for (int length = 0; length < archive.Length; length++)
        {
            Mutation.Overwrite(folder.PathOf("cut.pt"), archive.AsSpan(0, length));
            Assert.Throws<InputException>(() => TorchFile.Read(folder.PathOf("cut.pt")));
        }

        byte[] pickle = new HandBuiltTorchFile().Operation("}").Text("a").Integer(3).Operation("s").Pickle;
        for (int length = 0; length < pickle.Length; length++)
        {
            Mutation.Overwrite(folder.PathOf("cut.pkl"), pickle.AsSpan(0, length));
            Assert.Throws<InputException>(() => TorchFile.Read(folder.PathOf("cut.pkl")));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_pickles_are_refused_or_read_whole(int seed)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.pt");
        byte[] valid = new HandBuiltTorchFile().Operation("}(").Text("t").Tensor("FloatStorage", "0", 12, 2, [2, 3], [1, 2]).Text("u").Tensor("FloatStorage", "0", 12, 0, [12], [1])
            .Text("list").Operation("]q", "\0", "(").Integer(1).Text("a").Tuple(1, 2).Operation("e").Text("again").Operation("h", "\0", "u").Pickle;
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] damaged = Mutation.Apply(valid, random);
            using (ZipArchive archive = new(new FileStream(path, FileMode.Create), ZipArchiveMode.Create))
            {
                foreach ((string name, byte[] bytes) in (ReadOnlySpan<(string, byte[])>)[("saved/data.pkl", damaged), ("saved/data/0", _data)])
                {
                    using Stream stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
                    stream.Write(bytes);
                }
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using TorchFile file = TorchFile.Read(path);
                foreach (TorchTensor tensor in file.Dictionary.Values.OfType<TorchTensor>())
                {
                    tensor.ReadSingle(new float[tensor.ElementCount]);
                }
            }
            catch (InputException)
            {
                refused++;
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
        }

        Assert.InRange(refused, 300, 1499);
    }

    private static void Refused(HandBuiltTorchFile built, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.pt");
        built.WriteArchive(path, ("data/0", _data));
        InputException exception = Assert.Throws<InputException>(() => TorchFile.Read(path));
        Assert.Equal(path, exception.Subject);
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
    }
}
