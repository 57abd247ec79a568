using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CircuitLasso.Numerics;

/// <summary>
/// Carries out the few operations of Python's pickle format that data need. No name is looked up and no code runs: a name is text, and
/// <see cref="TorchConstructors"/> knows what those on its list make of their arguments. Lists, tuples, dictionaries with strings as keys,
/// strings, integers of 64 bits, float64, truth values and None come out (bytes only as arguments); anything else is refused.
/// </summary>
internal sealed class PickleReader
{
    // More than a state dictionary of any model needs.
    private const int MaximumObjects = 1 << 20;
    private const int MaximumNameLength = 256;

    private static readonly object _mark = new();
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;
    private readonly TorchConstructors _constructors;
    private readonly Func<string, InputException> _bad;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;
    private int _objects;

    private PickleReader(byte[] bytes, TorchConstructors constructors, Func<string, InputException> bad)
    {
        _bytes = bytes;
        _constructors = constructors;
        _bad = bad;
    }

    /// <summary>The value that a pickle holds.</summary>
    /// <param name="bytes">The whole pickle.</param>
    /// <param name="constructors">What becomes of names, their arguments and persistent ids.</param>
    /// <param name="bad">Makes the exception for what is wrong.</param>
    public static object? Read(byte[] bytes, TorchConstructors constructors, Func<string, InputException> bad)
    {
        object? value = new PickleReader(bytes, constructors, bad).Run();
        PickleStructure.RequireTree(value, bad);
        return value;
    }

    private object? Run()
    {
        while (true)
        {
            PickleOpcode operation = (PickleOpcode)Take(1)[0];
            if (operation == PickleOpcode.Stop)
            {
                object? value = Pop();
                return _stack.Count == 0 && value is not PickleName ? value : throw Malformed();
            }

            if (!PushScalar(operation) && !UseMemo(operation) && !PushContainer(operation))
            {
                Construct(operation);
            }
        }
    }

    private bool PushScalar(PickleOpcode operation)
    {
        object? value;
        switch (operation)
        {
            case PickleOpcode.None:
                value = null;
                break;
            case PickleOpcode.True:
                value = true;
                break;
            case PickleOpcode.False:
                value = false;
                break;
            case PickleOpcode.BinInt:
                value = (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                break;
            case PickleOpcode.BinInt1:
                value = (long)Take(1)[0];
                break;
            case PickleOpcode.BinInt2:
                value = (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
                break;
            case PickleOpcode.Long1:
                value = Long(Take(Take(1)[0]));
                break;
            case PickleOpcode.BinFloat:
                value = BinaryPrimitives.ReadDoubleBigEndian(Take(8));
                break;
            case PickleOpcode.ShortBinBytes:
                value = Take(Take(1)[0]).ToArray();
                break;
            case PickleOpcode.BinBytes:
                value = Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))).ToArray();
                break;
            case PickleOpcode.ShortBinUnicode:
                value = Text(Take(1)[0]);
                break;
            case PickleOpcode.BinUnicode:
                value = Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case PickleOpcode.BinUnicode8:
                value = Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));
                break;
            default:
                return false;
        }

        _stack.Add(value);
        CountObject();
        return true;
    }

    private bool UseMemo(PickleOpcode operation)
    {
        switch (operation)
        {
            case PickleOpcode.Protocol:
                if (Take(1)[0] is < 2 or > 5)
                {
                    throw _bad("is a pickle of a protocol other than 2 to 5");
                }

                return true;
            case PickleOpcode.Frame:
                Take(8);
                return true;
            case PickleOpcode.BinPut:
                Memoize(Take(1)[0]);
                return true;
            case PickleOpcode.LongBinPut:
                Memoize(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                return true;
            case PickleOpcode.Memoize:
                Memoize((uint)_memo.Count);
                return true;
            case PickleOpcode.BinGet:
                Recall(Take(1)[0]);
                return true;
            case PickleOpcode.LongBinGet:
                Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                return true;
            default:
                return false;
        }
    }

    private bool PushContainer(PickleOpcode operation)
    {
        switch (operation)
        {
            case PickleOpcode.Mark:
                _stack.Add(_mark);
                return true;
            case PickleOpcode.EmptyList:
                PushObject(new List<object?>());
                return true;
            case PickleOpcode.EmptyDictionary:
                PushObject(new Dictionary<string, object?>(StringComparer.Ordinal));
                return true;
            case PickleOpcode.EmptyTuple:
                PushObject(Array.Empty<object?>());
                return true;
            case PickleOpcode.Tuple1:
                PushObject(PopLast(1));
                return true;
            case PickleOpcode.Tuple2:
                PushObject(PopLast(2));
                return true;
            case PickleOpcode.Tuple3:
                PushObject(PopLast(3));
                return true;
            case PickleOpcode.Tuple:
                PushObject(PopToMark());
                return true;
            case PickleOpcode.Append:
                object? item = Pop();
                Top<List<object?>>().Add(item);
                return true;
            case PickleOpcode.Appends:
                object?[] items = PopToMark();
                Top<List<object?>>().AddRange(items);
                return true;
            case PickleOpcode.SetItem:
                SetItems(PopLast(2));
                return true;
            case PickleOpcode.SetItems:
                SetItems(PopToMark());
                return true;
            default:
                return false;
        }
    }

    private void Construct(PickleOpcode operation)
    {
        switch (operation)
        {
            case PickleOpcode.Pop:
                Pop();
                break;
            case PickleOpcode.Global:
                string module = Line();
                _stack.Add(_constructors.Name(module, Line()));
                break;
            case PickleOpcode.StackGlobal:
                string name = Pop() as string ?? throw Malformed();
                _stack.Add(_constructors.Name(Pop() as string ?? throw Malformed(), name));
                break;
            case PickleOpcode.Reduce:
            case PickleOpcode.NewObject:
                object?[] arguments = Pop() as object?[] ?? throw Malformed();
                PushObject(_constructors.Call(Pop() as PickleName ?? throw Malformed(), arguments));
                break;
            case PickleOpcode.Build:
                object? state = Pop();
                _constructors.SetState(_stack.Count == 0 ? null : _stack[^1], state);
                break;
            case PickleOpcode.BinPersistentId:
                PushObject(_constructors.Storage(Pop() as object?[] ?? throw Malformed()));
                break;
            default:
                throw _bad(string.Create(CultureInfo.InvariantCulture, $"holds more than data: pickle operation {(byte)operation} at byte {_position - 1} is not allowed"));
        }
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _position))
        {
            throw _bad("ends inside its pickle");
        }

        ReadOnlySpan<byte> taken = _bytes.AsSpan(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    private long Long(ReadOnlySpan<byte> littleEndian)
    {
        if (littleEndian.Length > sizeof(long))
        {
            throw _bad("holds a whole number of more than 64 bits");
        }

        long value = !littleEndian.IsEmpty && (littleEndian[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = littleEndian.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | littleEndian[i];
        }

        return value;
    }

    private string Text(ulong length)
    {
        try
        {
            return _strictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw _bad("holds a string that is not UTF-8");
        }
    }

    private string Line()
    {
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_position);
        int length = rest[..Math.Min(rest.Length, MaximumNameLength)].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Malformed();
        }

        string line = Encoding.Latin1.GetString(rest[..length]);
        _position += length + 1;
        return line;
    }

    private void Memoize(uint key) => _memo[key] = _stack.Count == 0 || ReferenceEquals(_stack[^1], _mark) ? throw Malformed() : _stack[^1];

    private void Recall(uint key) => _stack.Add(_memo.TryGetValue(key, out object? value) ? value : throw Malformed());

    private void PushObject(object? value)
    {
        _stack.Add(value);
        CountObject();
    }

    private void CountObject()
    {
        if (++_objects > MaximumObjects)
        {
            throw _bad($"holds more than {MaximumObjects} objects in its pickle");
        }
    }

    private object? Pop()
    {
        if (_stack.Count == 0)
        {
            throw Malformed();
        }

        object? value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return ReferenceEquals(value, _mark) ? throw Malformed() : value;
    }

    private object?[] PopLast(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            values[i] = Pop();
        }

        return values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.FindLastIndex(value => ReferenceEquals(value, _mark));
        if (mark < 0)
        {
            throw Malformed();
        }

        object?[] values = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private T Top<T>()
        where T : class => _stack.Count > 0 && _stack[^1] is T top ? top : throw Malformed();

    private void SetItems(object?[] keysAndValues)
    {
        Dictionary<string, object?> dictionary = Top<Dictionary<string, object?>>();
        if (keysAndValues.Length % 2 != 0)
        {
            throw Malformed();
        }

        for (int i = 0; i < keysAndValues.Length; i += 2)
        {
            string key = keysAndValues[i] as string ?? throw _bad("holds a dictionary with a key that is not a string");
            if (!dictionary.TryAdd(key, keysAndValues[i + 1]))
            {
                throw _bad($"holds a dictionary with the key '{(key.Length <= 100 ? key : key[..100])}' twice");
            }
        }
    }

    private InputException Malformed() => _bad("holds a damaged pickle");
}
