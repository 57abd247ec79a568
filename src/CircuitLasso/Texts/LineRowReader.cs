using System.Text;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Plain lines.</summary>
internal sealed class LineRowReader : ITextRowReader
{
    public IEnumerable<(int Line, string[] Values)> Read(TextFileBytes file, TextColumns columns)
    {
        if (!columns.TextAlone)
        {
            throw new InputException(file.Path, "a file of plain lines has no columns", "leave the columns out, or give the file the ending of its format (.tsv, .csv, .jsonl, .json)");
        }

        Utf8LineReader lines = new(file, columns.MaximumRowBytes);
        while (Next(lines) is { } text)
        {
            yield return (lines.Line, [text]);
        }
    }

    // A span cannot live across a yield.
    private static string? Next(Utf8LineReader lines)
    {
        while (lines.TryRead(out ReadOnlySpan<byte> line))
        {
            string text = Encoding.UTF8.GetString(line.TrimEnd((byte)'\r'));
            if (!string.IsNullOrWhiteSpace(text))
            {
                return text;
            }
        }

        return null;
    }
}
