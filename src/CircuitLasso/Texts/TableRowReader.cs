using CsvHelper;

namespace CircuitLasso;

/// <summary>TSV and CSV, read by CsvHelper: a header perhaps, and as many columns in every row.</summary>
internal sealed class TableRowReader(char separator, CsvMode mode) : ITextRowReader
{
    public IEnumerable<(int Line, string[] Values)> Read(TextFileBytes file, TextColumns columns)
    {
        CsvReaderOptions options = new()
        {
            Separator = separator,
            Mode = mode,
            HasHeader = false,
            MalformedData = CsvMalformedDataHandling.Throw,
            TrackLineNumbers = true,
            MaxRecordSize = columns.MaximumRowBytes,
        };
        using CsvReader table = CsvReader.Create(new Utf8LineStream(new Utf8LineReader(file, columns.MaximumRowBytes)), options);
        int[]? places = null;
        int width = 0;
        while (Next(table, file, columns.MaximumRowBytes))
        {
            int line = checked((int)table.LineNumber);
            if (places is null)
            {
                string[] first = [.. Enumerable.Range(0, table.FieldCount).Select(table.GetString)];
                places = columns.Locate(first, file, line);
                width = first.Length;
                if (columns.HasHeader)
                {
                    continue;
                }
            }

            if (table.FieldCount != width)
            {
                throw file.Error(line, $"has {table.FieldCount} columns, the first row has {width}", "correct the row");
            }

            yield return (line, [.. places.Select(table.GetString)]);
        }
    }

    private static bool Next(CsvReader table, TextFileBytes file, int maximumRowBytes)
    {
        try
        {
            return table.Read() && (table.RawRecord.Length <= maximumRowBytes ? true : throw file.TooLong(table.LineNumber, maximumRowBytes));
        }
        catch (CsvFormatException exception)
        {
            // The library tells a row beyond its limit and wrong quotes apart in its message only; either is refused.
            throw exception.Message.Contains(nameof(CsvReaderOptions.MaxRecordSize), StringComparison.Ordinal)
                ? file.TooLong(Math.Max(1, exception.LineNumber), maximumRowBytes)
                : file.Error(Math.Max(1, exception.LineNumber), exception.Message.TrimEnd('.'), "correct the quotes (a cell with a quote is quoted, and the quote doubled)", exception);
        }
    }
}
