using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

public sealed class HostileReferenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("(8589934592, 0)")]
    [InlineData("(0, 5)")]
    [InlineData("(1, 0)")]
    public void Ids_that_are_no_tokens_are_refused_whatever_their_shape_says(string shape)
    {
        InputException exception = Refused(("ids", shape, []), ("logits", "(0,)", []));
        Assert.Contains("'ids' is not", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("correct")]
    [InlineData("wrong")]
    public void A_token_id_outside_the_vocabulary_is_refused_before_gradients_are_taken(string name)
    {
        string other = name == "correct" ? "wrong" : "correct";
        InputException exception = Refused(("0.ids", "(2,)", [1, 2]), ("0." + name, "()", [1_000_000]), ("0." + other, "()", [1]), ("0.gold_grad.embed", "(1,)", [0]));
        Assert.Contains($"'0.{name}'", exception.Message, StringComparison.Ordinal);
    }

    private InputException Refused(params (string Name, string Shape, long[] Values)[] arrays)
    {
        string path = _folder.PathOf("reference.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach ((string name, string shape, long[] values) in arrays)
            {
                using Stream stream = archive.CreateEntry(name + ".npy").Open();
                byte[] header = Encoding.ASCII.GetBytes($"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n");
                byte[] length = new byte[2];
                BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
                stream.Write([0x93, .. "NUMPY"u8, 1, 0, .. length, .. header]);
                stream.Write(MemoryMarshal.AsBytes<long>(values));
            }
        }

        using TransformerModel model = TinyTransformers.Create("gpt2");
        InputException exception = Assert.Throws<InputException>(() => ReferenceCheck.Run(model, path));
        Assert.Equal(path, exception.Subject);
        return exception;
    }
}
