using System.Globalization;

namespace CircuitLasso.Numerics;

/// <summary>
/// Parses the Python dictionary literal of an .npy header: exactly the keys <c>descr</c>, <c>fortran_order</c> and <c>shape</c>, in any order.
/// Nothing is evaluated: the few literals that numpy.save writes are read, and everything else is refused.
/// </summary>
/// <param name="source">The file, for messages.</param>
/// <param name="text">The literal, with the blanks around it.</param>
internal sealed class NumPyHeaderParser(string source, string text)
{
    private const string Remedy = NumPyHeader.Remedy;

    private int _position;

    public NumPyHeader Parse()
    {
        string? description = null;
        bool? isFortranOrder = null;
        List<long>? shape = null;
        Expect('{');
        while (!TryTake('}'))
        {
            string key = TakeString();
            Expect(':');
            switch (key)
            {
                case "descr" when description is null:
                    description = Peek() is '[' or '(' ? throw Unsupported("a structured type") : TakeString();
                    break;
                case "fortran_order" when isFortranOrder is null:
                    isFortranOrder = TakeBoolean();
                    break;
                case "shape" when shape is null:
                    shape = TakeShape();
                    break;
                default:
                    throw Bad();
            }

            if (!TryTake(','))
            {
                Expect('}');
                break;
            }
        }

        Peek();
        if (_position < text.Length || description is null || isFortranOrder is null || shape is null)
        {
            throw Bad();
        }

        if (!NumPyDataTypes.TryParse(description, out NumPyDataType type, out bool isBigEndian))
        {
            throw Unsupported($"the type '{description}'");
        }

        return DenseShape.ByteLength(shape, NumPyDataTypes.Size(type)) is null
            ? throw new InputException(source, $"has a shape too large to exist: ({string.Join(", ", shape)})", Remedy)
            : new NumPyHeader(type, isBigEndian, isFortranOrder.Value, shape.AsReadOnly());
    }

    private List<long> TakeShape()
    {
        List<long> shape = [];
        Expect('(');
        while (!TryTake(')'))
        {
            if (shape.Count == DenseShape.MaximumRank)
            {
                throw Bad();
            }

            shape.Add(TakeNumber());
            if (!TryTake(','))
            {
                // (3) is a number in Python, not a tuple.
                if (shape.Count == 1)
                {
                    throw Bad();
                }

                Expect(')');
                break;
            }
        }

        return shape;
    }

    private long TakeNumber()
    {
        Peek();
        int start = _position;
        while (_position < text.Length && char.IsAsciiDigit(text[_position]))
        {
            _position++;
        }

        return long.TryParse(text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw Bad();
    }

    private bool TakeBoolean()
    {
        Peek();
        foreach ((string word, bool value) in new[] { ("False", false), ("True", true) })
        {
            if (text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal))
            {
                _position += word.Length;
                return value;
            }
        }

        throw Bad();
    }

    private string TakeString()
    {
        char quote = Peek();
        int end = quote is '\'' or '"' ? text.IndexOf(quote, _position + 1) : -1;
        if (end < 0)
        {
            throw Bad();
        }

        string taken = text[(_position + 1)..end];
        _position = end + 1;
        return taken.Length <= 100 && !taken.Contains('\\', StringComparison.Ordinal) ? taken : throw Bad();
    }

    private bool TryTake(char symbol)
    {
        bool isThere = Peek() == symbol;
        _position += isThere ? 1 : 0;
        return isThere;
    }

    private void Expect(char symbol)
    {
        if (!TryTake(symbol))
        {
            throw Bad();
        }
    }

    // The next character that is not blank, or NUL at the end.
    private char Peek()
    {
        while (_position < text.Length && text[_position] is ' ' or '\n' or '\t' or '\r')
        {
            _position++;
        }

        return _position < text.Length ? text[_position] : '\0';
    }

    private InputException Bad() => new(source, "has an .npy header that is not the dictionary that NumPy writes", Remedy);

    private InputException Unsupported(string what) =>
        new(source, $"has {what}, which is not read here", "save it as float32, float64, int32, int64, uint8 or bool");
}
