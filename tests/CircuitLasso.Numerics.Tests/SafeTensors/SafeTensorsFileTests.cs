using System.Runtime.InteropServices;
using System.Text.Json;
using CircuitLasso.Testing;
using static CircuitLasso.Numerics.Tests.HandBuiltSafeTensors;

namespace CircuitLasso.Numerics.Tests;

public sealed class SafeTensorsFileTests
{
    [Fact]
    public void Types_shapes_metadata_and_places_are_those_of_the_header()
    {
        using TemporaryFolder folder = new();
        string header = $"{{\"__metadata__\":{{\"format\":\"pt\"}},{Tensor("b", "BOOL", "3", 0, 3)},{Tensor("m", "F32", "2,3", 3, 27)},{Tensor("s", "I64", "", 27, 35)},{Tensor("none", "F16", "0,5", 27, 27)}}}   ";
        File.WriteAllBytes(folder.PathOf("a.safetensors"), Bytes(header, 35));

        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));

        Assert.Equal("pt", Assert.Single(file.Metadata).Value);
        Assert.Equal(["b", "m", "none", "s"], file.Tensors.Keys.Order(StringComparer.Ordinal));
        SafeTensorsEntry matrix = file.Tensor("m");
        Assert.Equal(SafeTensorsDataType.Float32, matrix.DataType);
        Assert.Equal([2L, 3L], matrix.Shape);
        Assert.Equal((8 + header.Length + 3, 24, 6, 2, 3), (matrix.Offset, matrix.Length, matrix.ElementCount, matrix.RowCount, matrix.RowLength));
        Assert.Equal((1, 1, 1), (file.Tensor("s").ElementCount, file.Tensor("s").RowCount, file.Tensor("s").RowLength));
        Assert.Equal((0, 0, 5), (file.Tensor("none").ElementCount, file.Tensor("none").RowCount, file.Tensor("none").RowLength));

        // The matrix starts at an odd byte.
        float[] values = new float[6];
        file.ReadSingle("m", values);
        Assert.Equal(Enumerable.Range(4, 24).Select(i => (byte)i), MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        long[] scalar = new long[1];
        file.ReadInt64("s", scalar);
        Assert.Equal(0x23_22_21_20_1F_1E_1D_1CL, scalar[0]);
        file.ReadSingle("none", []);
        Assert.Equal([1, 2, 3], file.Bytes("b", 0, 3).ToArray());
    }

    [Fact]
    public void A_file_without_tensors_is_allowed()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.safetensors"), Bytes("{}", 0));
        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Rows_are_the_same_as_the_whole()
    {
        using TemporaryFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 7 * 3 * 5).Select(i => i * 0.25f)];
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), [
            new("f", SafeTensorsDataType.Float32, 7, 3, 5), new("i", SafeTensorsDataType.Int32, 7, 2), new("l", SafeTensorsDataType.Int64, 7), new("h", SafeTensorsDataType.Float16, 7, 1)]))
        {
            writer.Write("f", values);
            writer.Write("i", [.. Enumerable.Range(0, 14)]);
            writer.Write("l", [.. Enumerable.Range(0, 7).Select(i => (long)i << 40)]);
            writer.WriteBytes("h", MemoryMarshal.AsBytes<Half>([.. Enumerable.Range(0, 7).Select(i => (Half)i)]));
            Assert.Null(writer.Complete());
        }

        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        for (int start = 0; start <= 7; start++)
        {
            for (int count = 0; start + count <= 7; count++)
            {
                float[] rows = new float[count * 15];
                file.ReadSingle("f", start, count, rows);
                Assert.Equal(values[(start * 15)..((start + count) * 15)], rows);
                int[] integers = new int[count * 2];
                file.ReadInt32("i", start, count, integers);
                Assert.Equal(Enumerable.Range(start * 2, count * 2), integers);
                long[] longs = new long[count];
                file.ReadInt64("l", start, count, longs);
                Assert.Equal(Enumerable.Range(start, count).Select(i => (long)i << 40), longs);
                float[] halves = new float[count];
                file.ReadSingle("h", start, count, halves);
                Assert.Equal(Enumerable.Range(start, count).Select(i => (float)i), halves);
            }
        }
    }

    [Fact]
    public void A_tensor_longer_than_one_conversion_step_is_read_whole()
    {
        const int rows = 3;
        const int width = 700_001;
        using TemporaryFolder folder = new();
        ushort[] patterns = new ushort[rows * width];
        new Random(5).NextBytes(MemoryMarshal.AsBytes(patterns.AsSpan()));
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), [new("w", SafeTensorsDataType.BFloat16, rows, width)]))
        {
            writer.WriteBytes("w", MemoryMarshal.AsBytes(patterns.AsSpan()));
            writer.Complete();
        }

        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        float[] values = new float[patterns.Length];
        file.ReadSingle("w", values);
        Assert.True(values.Zip(patterns).All(pair => BitConverter.SingleToUInt32Bits(pair.First) == (uint)pair.Second << 16));
        file.ReadSingle("w", 1, 2, values.AsSpan(width));
        Assert.True(values.Zip(patterns).All(pair => BitConverter.SingleToUInt32Bits(pair.First) == (uint)pair.Second << 16));
    }

    [Fact]
    public void Asking_for_what_is_not_there_or_of_another_type_is_bad_input()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.safetensors");
        File.WriteAllBytes(path, Bytes($"{{{Tensor("i", "I32", "2", 0, 8)},{Tensor("f", "F32", "2", 8, 16)}}}", 16));
        using SafeTensorsFile file = new(path);

        InputException missing = Assert.Throws<InputException>(() => file.ReadSingle("nothing", new float[2]));
        Assert.Equal(path, missing.Subject);
        Assert.Contains("'nothing'", missing.Problem, StringComparison.Ordinal);
        Assert.Contains("I32", Assert.Throws<InputException>(() => file.ReadSingle("i", new float[2])).Problem, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => file.ReadInt32("f", new int[2]));
        Assert.Throws<InputException>(() => file.ReadInt64("i", new long[2]));
    }

    [Fact]
    public void A_wrong_destination_or_wrong_rows_are_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.PathOf("a.safetensors"), Bytes($"{{{Tensor("f", "F32", "2,2", 0, 16)}}}", 16));
        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        Assert.Throws<ArgumentException>(() => file.ReadSingle("f", new float[3]));
        Assert.Throws<ArgumentException>(() => file.ReadSingle("f", 0, 1, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadSingle("f", 1, 2, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadSingle("f", -1, 1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadSingle("f", long.MaxValue, 1, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes("f", 0, 17).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes("f", -1, 1).Length);
    }

    [Theory]
    [InlineData("stories260k/model.safetensors")]
    [InlineData("gpt2-nano-sort/model.safetensors")]
    [InlineData("families/qwen2/model.safetensors")]
    [InlineData("families/gpt_neox/model.safetensors")]
    public void Real_files_are_read_as_numpy_reads_their_bytes(string relativePath)
    {
        string path = SharedData.Require(relativePath.Split('/'));
        const string script = """
            import sys, json, struct, numpy as np
            b = open(sys.argv[1], 'rb').read()
            n = struct.unpack('<Q', b[:8])[0]
            result = {}
            for name, t in json.loads(b[8:8+n]).items():
                if name == '__metadata__' or t['dtype'] == 'BOOL': continue
                d = b[8+n+t['data_offsets'][0]:8+n+t['data_offsets'][1]]
                if t['dtype'] == 'BF16': a = (np.frombuffer(d, '<u2').astype('<u4') << 16).view('<f4')
                else: a = np.frombuffer(d, {'F32': '<f4', 'F16': '<f2'}[t['dtype']])
                a = a.astype(np.float64)
                result[name] = [t['shape'], float(a.sum()), float((a * np.arange(a.size)).sum()), float(np.abs(a).max())]
            print(json.dumps(result))
            """;
        using JsonDocument expected = JsonDocument.Parse(Python.Run("numpy", script, path));
        using SafeTensorsFile file = new(path);
        int compared = 0;
        foreach (JsonProperty tensor in expected.RootElement.EnumerateObject())
        {
            SafeTensorsEntry entry = file.Tensor(tensor.Name);
            Assert.Equal(tensor.Value[0].EnumerateArray().Select(d => d.GetInt64()), entry.Shape);
            float[] values = new float[entry.ElementCount];
            file.ReadSingle(tensor.Name, values);
            double weighted = values.Select((value, i) => (double)value * i).Sum();
            Assert.Equal(tensor.Value[1].GetDouble(), values.Sum(value => (double)value), 1e-9 * values.Length);
            Assert.Equal(tensor.Value[2].GetDouble(), weighted, 1e-9 * values.Length * values.Length);
            Assert.Equal(tensor.Value[3].GetDouble(), values.Max(Math.Abs));
            compared++;
        }

        Assert.Equal(file.Tensors.Values.Count(entry => entry.DataType != SafeTensorsDataType.Boolean), compared);
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void Any_name_survives_the_header()
    {
        using TemporaryFolder folder = new();
        string[] names = ["", "é", "a\"b", "\u2028", "x\\y", "layer.1"];
        using (SafeTensorsWriter writer = new(folder.PathOf("a.safetensors"), names.Select(name => new SafeTensorsDeclaration(name, SafeTensorsDataType.Int32))))
        {
            foreach (string name in names)
            {
                writer.Write(name, [name.Length]);
            }

            writer.Complete();
        }

        using SafeTensorsFile file = new(folder.PathOf("a.safetensors"));
        foreach (string name in names)
        {
            int[] value = new int[1];
            file.ReadInt32(name, value);
            Assert.Equal(name.Length, value[0]);
        }
    }
}
