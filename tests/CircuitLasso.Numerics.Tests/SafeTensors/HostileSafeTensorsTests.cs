using System.Buffers.Binary;
using System.Text;
using CircuitLasso.Testing;
using static CircuitLasso.Numerics.Tests.HandBuiltSafeTensors;

namespace CircuitLasso.Numerics.Tests;

public sealed class HostileSafeTensorsTests
{
    public static TheoryData<string, string, int, string> BadHeaders => new()
    {
        // What is wrong, the header, the bytes of data, a part of the message.
        { "not an object", "[1]", 0, "not a JSON object" },
        { "empty header", "", 0, "not a JSON object" },
        { "blank first", " {}", 0, "not a JSON object" },
        { "cut off", "{\"a\":", 0, "not valid JSON" },
        { "text after it", "{} x", 0, "not valid JSON" },
        { "two objects", "{}{}", 0, "not valid JSON" },
        { "comment", "{/* */}", 0, "not valid JSON" },
        { "a number for a tensor", "{\"a\":1}", 0, "is not an object" },
        { "metadata with a number", "{\"__metadata__\":{\"a\":1}}", 0, "not one string" },
        { "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "two __metadata__" },
        { "a metadata key twice", "{\"__metadata__\":{\"a\":\"x\",\"a\":\"y\"}}", 0, "not one string" },
        { "half a surrogate pair", "{\"\\ud800\":{}}", 0, "not valid JSON" },
        { "no fields", "{\"a\":{}}", 0, "'a' lacks" },
        { "an unknown field", "{\"a\":{\"x\":1}}", 0, "unknown or repeated" },
        { "a field twice", "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "unknown or repeated" },
        { "a dtype that is a number", "{\"a\":{\"dtype\":1}}", 0, "not a string" },
        { "a shape that is a string", "{\"a\":{\"shape\":\"1\"}}", 0, "not a list" },
        { "a nested shape", "{\"a\":{\"shape\":[[1]]}}", 0, "whole number" },
        { "one offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}}", 0, "lacks" },
        { "three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,4]}}", 4, "more than 2" },
        { "unknown dtype", "{" + Tensor("a", "F4", "1", 0, 4) + "}", 4, "unknown dtype 'F4'" },
        { "negative dimension", "{" + Tensor("a", "F32", "-1", 0, 4) + "}", 4, "whole number" },
        { "fractional dimension", "{" + Tensor("a", "F32", "1.0", 0, 4) + "}", 4, "whole number" },
        { "dimension beyond 64 bits", "{" + Tensor("a", "F32", "18446744073709551617", 0, 4) + "}", 4, "whole number" },
        { "product beyond 64 bits", "{" + Tensor("a", "F32", "4294967296,4294967297", 0, 4) + "}", 4, "too large" },
        { "bytes beyond 64 bits", "{" + Tensor("a", "F64", "2305843009213693952", 0, 0) + "}", 0, "too large" },
        { "empty, but its rows beyond 64 bits", "{" + Tensor("a", "F32", "0,4294967296,4294967296", 0, 0) + "}", 0, "too large" },
        { "too many dimensions", "{" + Tensor("a", "U8", string.Join(',', Enumerable.Repeat(1, 65)), 0, 1) + "}", 1, "more than 64" },
        { "fewer bytes than the shape", "{" + Tensor("a", "F32", "2", 0, 4) + "}", 4, "needs 8 bytes" },
        { "more bytes than the shape", "{" + Tensor("a", "F32", "1", 0, 8) + "}", 8, "needs 4 bytes" },
        { "offsets in the wrong order", "{" + Tensor("a", "F32", "1", 4, 0) + "}", 4, "offsets 4 to 0" },
        { "negative offset", "{" + Tensor("a", "F32", "1", -4, 0) + "}", 4, "whole number" },
        { "data cut off", "{" + Tensor("a", "F32", "2", 0, 8) + "}", 7, "beyond the end" },
        { "offset far beyond the file", "{" + Tensor("a", "F32", "1", long.MaxValue - 4, long.MaxValue) + "}", 4, "beyond the end" },
        { "overlap", "{" + Tensor("a", "F32", "2", 0, 8) + "," + Tensor("b", "F32", "2", 4, 12) + "}", 12, "'b' overlaps" },
        { "the same bytes", "{" + Tensor("a", "F32", "1", 0, 4) + "," + Tensor("b", "F32", "1", 0, 4) + "}", 4, "overlaps" },
        { "a hole", "{" + Tensor("a", "F32", "1", 0, 4) + "," + Tensor("b", "F32", "1", 8, 12) + "}", 12, "hole" },
        { "a hole at the start", "{" + Tensor("a", "F32", "1", 4, 8) + "}", 8, "hole" },
        { "bytes left over", "{" + Tensor("a", "F32", "1", 0, 4) + "}", 5, "belong to no tensor" },
        { "an empty tensor inside another", "{" + Tensor("a", "F32", "2", 0, 8) + "," + Tensor("b", "F32", "0", 4, 4) + "}", 8, "overlaps" },
        { "a name twice", "{" + Tensor("a", "F32", "1", 0, 4) + "," + Tensor("a", "F32", "1", 4, 8) + "}", 8, "'a' is there twice" },
        { "deep nesting in a field", "{\"a\":{\"shape\":" + new string('[', 10_000) + "}}", 0, "whole number" },
        { "deep nesting in metadata", "{\"__metadata__\":{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "}}", 0, "not one string" },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void A_wrong_header_is_refused_with_the_file_and_the_reason(string what, string header, int dataLength, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.safetensors");
        File.WriteAllBytes(path, Bytes(header, dataLength));

        InputException exception = Assert.Throws<InputException>(() => new SafeTensorsFile(path));

        Assert.Equal(path, exception.Subject);
        Assert.True(exception.Problem.Contains(reason, StringComparison.Ordinal), $"{what}: {exception.Message}");
        Assert.True(exception.Message.Length < 2000);
    }

    [Fact]
    public void A_missing_file_is_refused_with_its_name()
    {
        using TemporaryFolder folder = new();
        InputException exception = Assert.Throws<InputException>(() => new SafeTensorsFile(folder.PathOf("none.safetensors")));
        Assert.Equal(folder.PathOf("none.safetensors"), exception.Subject);
    }

    [Theory]
    [InlineData(100_000_001UL, 200, "longer than")]
    [InlineData(ulong.MaxValue, 200, "longer than")]
    [InlineData(1UL << 63, 200, "longer than")]
    [InlineData(193UL, 200, "ends inside its header")]
    [InlineData(100_000_000UL, 200, "ends inside its header")]
    [InlineData(0UL, 200, "not a JSON object")]
    [InlineData(0UL, 0, "too short")]
    [InlineData(0UL, 7, "too short")]
    public void A_wrong_header_length_is_refused(ulong headerLength, int fileLength, string reason)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[Math.Max(fileLength, 8)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, headerLength);
        File.WriteAllBytes(folder.PathOf("bad.safetensors"), bytes[..fileLength]);
        InputException exception = Assert.Throws<InputException>(() => new SafeTensorsFile(folder.PathOf("bad.safetensors")));
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_not_utf8_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] header = Encoding.Latin1.GetBytes("{" + Tensor("\u00ff\u00fe", "F32", "1", 0, 4) + "}");
        File.WriteAllBytes(folder.PathOf("bad.safetensors"), Bytes(header, 4));
        Assert.Contains("not valid JSON", Assert.Throws<InputException>(() => new SafeTensorsFile(folder.PathOf("bad.safetensors"))).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_name_reaches_no_terminal_and_is_cut_short()
    {
        using TemporaryFolder folder = new();
        string name = "\\u001b[2J" + new string('x', 100_000);
        File.WriteAllBytes(folder.PathOf("bad.safetensors"), Bytes("{" + Tensor(name, "F32", "1", 0, 8) + "}", 8));
        InputException exception = Assert.Throws<InputException>(() => new SafeTensorsFile(folder.PathOf("bad.safetensors")));
        Assert.DoesNotContain('\u001b', exception.Message);
        Assert.True(exception.Message.Length < 1000);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] valid = ValidFile(folder);
        for (int length = 0; length < valid.Length; length++)
        {
            string path = folder.PathOf("cut.safetensors");
            Mutation.Overwrite(path, valid.AsSpan(0, length));
            Assert.Throws<InputException>(() => new SafeTensorsFile(path));
        }
    }

    [Fact]
    public void Flipped_bytes_are_refused_or_read_inside_the_file()
    {
        using TemporaryFolder folder = new();
        byte[] valid = ValidFile(folder);
        Random random = new(20_240_601);
        string path = folder.PathOf("mutated.safetensors");
        int refused = 0;
        const int count = 4000;
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = Mutation.Apply(valid, random);
            Mutation.Overwrite(path, mutated);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafeTensorsFile file = new(path);
                foreach (SafeTensorsEntry entry in file.Tensors.Values)
                {
                    Assert.True(entry.Offset >= 8 && entry.Offset + entry.Length <= mutated.Length);
                    Assert.Equal(entry.Length, file.Bytes(entry.Name, 0, (int)entry.Length).Length);
                    if (entry.DataType is SafeTensorsDataType.Float32 or SafeTensorsDataType.Float16 or SafeTensorsDataType.BFloat16 or SafeTensorsDataType.Float64)
                    {
                        file.ReadSingle(entry.Name, new float[entry.ElementCount]);
                    }
                }
            }
            catch (InputException)
            {
                refused++;
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    private static byte[] ValidFile(TemporaryFolder folder)
    {
        string path = folder.PathOf("valid.safetensors");
        Dictionary<string, string> metadata = new() { ["format"] = "pt" };
        using (SafeTensorsWriter writer = new(path, [
            new("matrix", SafeTensorsDataType.Float32, 3, 4), new("half", SafeTensorsDataType.Float16, 5), new("brain", SafeTensorsDataType.BFloat16, 2, 2),
            new("index", SafeTensorsDataType.Int32, 2), new("none", SafeTensorsDataType.Float64, 0), new("mask", SafeTensorsDataType.Boolean)], metadata))
        {
            writer.Write("matrix", new float[12]);
            writer.WriteBytes("half", new byte[10]);
            writer.WriteBytes("brain", new byte[8]);
            writer.Write("index", [1, 2]);
            writer.WriteBytes("mask", [1]);
            writer.Complete();
        }

        return File.ReadAllBytes(path);
    }
}
