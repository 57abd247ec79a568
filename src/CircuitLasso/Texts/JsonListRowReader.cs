using System.Text.Json;
using System.Text.Unicode;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>One JSON list of strings or objects, read element by element in memory of one element.</summary>
internal sealed class JsonListRowReader : ITextRowReader
{
    public IEnumerable<(int Line, string[] Values)> Read(TextFileBytes file, TextColumns columns)
    {
        ElementReader elements = new(file, columns);
        while (elements.Next() is { } row)
        {
            yield return row;
        }
    }

    private sealed class ElementReader(TextFileBytes file, TextColumns columns)
    {
        private byte[] _buffer = new byte[1 << 16];
        private int _start;
        private int _end;
        private bool _ended;
        private bool _opened;
        private bool _closed;
        private JsonReaderState _state;
        private int _line = 1;

        public (int Line, string[] Values)? Next()
        {
            while (true)
            {
                try
                {
                    if (TryTake(out (int, string[])? row))
                    {
                        return row;
                    }
                }
                catch (JsonException exception)
                {
                    throw file.Error((exception.LineNumber ?? 0) + 1, "is not a JSON list of strings or objects", "correct the JSON", exception);
                }

                if (_end - _start > columns.MaximumRowBytes)
                {
                    throw file.TooLong(_line, columns.MaximumRowBytes);
                }

                Fill();
            }
        }

        // False: more bytes are needed. A null row: the list has ended.
        private bool TryTake(out (int Line, string[] Values)? row)
        {
            row = null;
            while (true)
            {
                Utf8JsonReader reader = new(_buffer.AsSpan(_start, _end - _start), _ended, _state);
                if (!reader.Read())
                {
                    return _ended && _closed;
                }

                if (!_opened || reader.TokenType == JsonTokenType.EndArray)
                {
                    if (!_opened && reader.TokenType != JsonTokenType.StartArray)
                    {
                        throw new InputException(file.Path, "is not a JSON list", "give a list of strings or objects, or one object a line in a file that ends with .jsonl");
                    }

                    _closed = _opened;
                    _opened = true;
                    Consume(ref reader);
                    continue;
                }

                int begun = (int)reader.TokenStartIndex;
                if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
                {
                    return false;
                }

                using (document)
                {
                    ReadOnlySpan<byte> before = _buffer.AsSpan(_start, begun);
                    ReadOnlySpan<byte> bytes = _buffer.AsSpan(_start + begun, (int)reader.BytesConsumed - begun);
                    int line = _line + before.Count((byte)'\n');
                    if (bytes.Length > columns.MaximumRowBytes)
                    {
                        throw file.TooLong(line, columns.MaximumRowBytes);
                    }

                    if (!Utf8.IsValid(bytes))
                    {
                        throw file.NotUtf8(line);
                    }

                    row = (line, JsonRow.Values(document.RootElement, columns, file, line));
                }

                Consume(ref reader);
                return true;
            }
        }

        private void Consume(ref Utf8JsonReader reader)
        {
            int consumed = (int)reader.BytesConsumed;
            _line = checked(_line + _buffer.AsSpan(_start, consumed).Count((byte)'\n'));
            _start += consumed;
            _state = reader.CurrentState;
        }

        private void Fill()
        {
            int kept = _end - _start;
            byte[] target = kept > _buffer.Length / 2 ? new byte[checked(_buffer.Length * 2)] : _buffer;
            _buffer.AsSpan(_start, kept).CopyTo(target);
            _buffer = target;
            _start = 0;
            _end = kept + file.Read(_buffer.AsSpan(kept));
            _ended = _end == kept;
        }
    }
}
