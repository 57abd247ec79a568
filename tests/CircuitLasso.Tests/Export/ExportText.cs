using System.Text;

namespace CircuitLasso.Tests;

/// <summary>Exports into memory.</summary>
internal static class ExportText
{
    internal static string Of(string format, Circuit circuit)
    {
        using MemoryStream stream = new();
        CircuitExports.Find(format).Write(circuit, stream);
        byte[] first = stream.ToArray();

        // Whatever the format: the same circuit gives the same bytes, and the stream stays open.
        using MemoryStream again = new();
        CircuitExports.Find(format).Write(circuit, again);
        Assert.Equal(first, again.ToArray());
        return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(first);
    }
}
