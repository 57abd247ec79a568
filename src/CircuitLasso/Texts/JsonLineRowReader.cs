using System.Text.Json;

namespace CircuitLasso;

/// <summary>One JSON object or string per line.</summary>
internal sealed class JsonLineRowReader : ITextRowReader
{
    public IEnumerable<(int Line, string[] Values)> Read(TextFileBytes file, TextColumns columns)
    {
        Utf8LineReader lines = new(file, columns.MaximumRowBytes);
        while (Next(lines, columns) is { } values)
        {
            yield return (lines.Line, values);
        }
    }

    private static string[]? Next(Utf8LineReader lines, TextColumns columns)
    {
        while (lines.TryRead(out ReadOnlySpan<byte> line))
        {
            if (line.TrimEnd(" \t\r"u8).IsEmpty)
            {
                continue;
            }

            try
            {
                Utf8JsonReader reader = new(line);
                using JsonDocument document = JsonDocument.ParseValue(ref reader);
                if (reader.Read())
                {
                    throw lines.File.Error(lines.Line, "holds more than one JSON value", "give one JSON object per line");
                }

                return JsonRow.Values(document.RootElement, columns, lines.File, lines.Line);
            }
            catch (JsonException exception)
            {
                throw lines.File.Error(lines.Line, "is not one JSON value", "give one JSON object per line", exception);
            }
        }

        return null;
    }
}
