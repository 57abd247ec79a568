using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CircuitLasso.Cli;

/// <summary>What a running command is given beside its own options.</summary>
/// <param name="Console">Where it writes.</param>
/// <param name="IsJson">Whether the result is printed as one JSON object.</param>
/// <param name="IsQuiet">Whether messages and progress are left out.</param>
/// <param name="Cancellation">Cancelled when the user interrupts.</param>
internal sealed record CommandContext(CommandConsole Console, bool IsJson, bool IsQuiet, CancellationToken Cancellation)
{
    private static readonly JsonWriterOptions _jsonOptions = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Shows progress until it is disposed of.</summary>
    internal ProgressReport StartProgress() => new(Console, IsQuiet);

    /// <summary>Writes a message for people to standard error.</summary>
    internal void Message(string text)
    {
        if (!IsQuiet)
        {
            Console.Error.WriteLine(text);
        }
    }

    /// <summary>Prints the result: as text, or as the one JSON object of <c>--json</c>.</summary>
    /// <param name="writeText">Writes it for people.</param>
    /// <param name="writeJson">Writes the properties of the JSON object.</param>
    internal void Print(Action<TextWriter> writeText, Action<Utf8JsonWriter> writeJson)
    {
        if (!IsJson)
        {
            writeText(Console.Output);
            return;
        }

        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, _jsonOptions))
        {
            writer.WriteStartObject();
            writeJson(writer);
            writer.WriteEndObject();
        }

        Console.Output.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }
}
