using System.Text;

namespace CircuitLasso.Numerics;

/// <summary>The names that a torch file may use, and what each makes of its arguments.</summary>
internal sealed class TorchConstructors
{
    private static readonly PickleName _orderedDictionary = new("collections", "OrderedDict");
    private static readonly PickleName _tensor = new("torch._utils", "_rebuild_tensor_v2");
    private static readonly PickleName _parameter = new("torch._utils", "_rebuild_parameter");
    private static readonly PickleName _size = new("torch", "Size");
    private static readonly PickleName _device = new("torch", "device");
    private static readonly PickleName _bytes = new("_codecs", "encode");
    private static readonly PickleName _numPyType = new("numpy", "dtype");

    // NumPy 2 moved it.
    private static readonly PickleName[] _numPyScalar = [new("numpy.core.multiarray", "scalar"), new("numpy._core.multiarray", "scalar")];
    private static readonly HashSet<string> _elementTypes = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"];

    private readonly TorchFile _file;
    private readonly IReadOnlySet<string> _allowedClasses;
    private readonly Func<string, long> _storageBytes;

    /// <summary>Makes the list.</summary>
    /// <param name="file">The file that the tensors read from.</param>
    /// <param name="allowedClasses">Classes whose instances become <see cref="TorchObject"/>.</param>
    /// <param name="storageBytes">Bytes of the storage of a key; -1 where the file has none.</param>
    public TorchConstructors(TorchFile file, IReadOnlySet<string> allowedClasses, Func<string, long> storageBytes)
    {
        _file = file;
        _allowedClasses = allowedClasses;
        _storageBytes = storageBytes;
    }

    /// <summary>A name, where it is on the list; element types become text such as <c>torch.float32</c>.</summary>
    public object Name(string module, string name)
    {
        PickleName full = new(module, name);
        if (full == _orderedDictionary || full == _tensor || full == _parameter || full == _size || full == _device
            || full == _bytes || full == _numPyType || _numPyScalar.Contains(full)
            || (module == "torch" && TorchDataTypes.TryFind(name, out _)) || _allowedClasses.Contains(full.ToString()))
        {
            return full;
        }

        return module == "torch" && _elementTypes.Contains(name)
            ? full.ToString()
            : throw _file.Bad($"names '{full}', which is not data that is read here");
    }

    /// <summary>What a name makes of its arguments.</summary>
    public object? Call(PickleName name, object?[] arguments)
    {
        if (name == _orderedDictionary && arguments.Length == 0)
        {
            return new Dictionary<string, object?>(StringComparer.Ordinal);
        }

        if (name == _tensor && arguments.Length is 6 or 7)
        {
            return Tensor(arguments);
        }

        if (name == _parameter && arguments is [TorchTensor, ..])
        {
            return arguments[0];
        }

        if (name == _size && arguments is [object?[] or List<object?>])
        {
            return arguments[0];
        }

        if (name == _device && arguments is [string, ..])
        {
            return arguments[0];
        }

        if (name == _bytes && arguments is [string text, "latin1"] && text.All(character => character <= byte.MaxValue))
        {
            return Encoding.Latin1.GetBytes(text);
        }

        if (name == _numPyType && arguments is [string code, ..] && NumPyScalarType.Find(code) is { } type)
        {
            return type;
        }

        if (_numPyScalar.Contains(name) && arguments is [NumPyScalarType scalar, byte[] bytes] && scalar.Value(bytes) is { } value)
        {
            return value;
        }

        return _allowedClasses.Contains(name.ToString()) && arguments.Length == 0
            ? new TorchObject(name.ToString())
            : throw _file.Bad($"calls '{name}' with arguments that it does not take");
    }

    /// <summary>Gives an object of an allowed class its attributes; what torch hangs on a dictionary is left out.</summary>
    public void SetState(object? target, object? state)
    {
        if (target is Dictionary<string, object?>)
        {
            return;
        }

        // (version, byte order, ...): the bytes of big-endian machines are not read.
        if (target is NumPyScalarType && state is object?[] parts && parts is [_, "<" or "|", ..])
        {
            return;
        }

        if (target is not TorchObject { Attributes: null } instance || state is not Dictionary<string, object?> attributes)
        {
            throw _file.Bad("sets the state of something that has none");
        }

        instance.Attributes = attributes;
    }

    /// <summary>The storage that a persistent id stands for: ('storage', class, key, place, number of elements).</summary>
    public TorchStorage Storage(object?[] id)
    {
        if (id is not ["storage", PickleName { Module: "torch" } storageClass, string key, string, long length] || !TorchDataTypes.TryFind(storageClass.Name, out TorchDataType type))
        {
            throw _file.Bad("has a reference to a storage that is damaged or of an unknown type");
        }

        long bytes = _storageBytes(key);
        return length >= 0 && length <= long.MaxValue / sizeof(double) && bytes == length * TorchDataTypes.Size(type)
            ? new TorchStorage(key, type, length)
            : throw _file.Bad($"asks for a storage of {length} elements, and the entry of that name does not have so many, or there is none");
    }

    private TorchTensor Tensor(object?[] arguments)
    {
        if (arguments is not [TorchStorage storage, long offset, object?[] sizes, object?[] steps, ..] || Numbers(sizes) is not { } shape || Numbers(steps) is not { } strides)
        {
            throw _file.Bad("holds a tensor whose description is damaged");
        }

        if (shape.Length != strides.Length || shape.Length > DenseShape.MaximumRank || offset < 0)
        {
            throw _file.Bad("holds a tensor whose shape and strides disagree");
        }

        // A view that repeats elements could be of any size in a small file.
        long? bytes = DenseShape.ByteLength(shape, TorchDataTypes.Size(storage.DataType));
        if (bytes is null || bytes > storage.Length * TorchDataTypes.Size(storage.DataType))
        {
            throw _file.Bad($"holds a tensor of shape [{string.Join(", ", shape.Take(8))}] in a storage of {storage.Length} elements");
        }

        Int128 last = offset;
        for (int i = 0; i < shape.Length; i++)
        {
            last += Math.Max(shape[i] - 1, 0) * (Int128)strides[i];
        }

        return bytes == 0 || last < storage.Length
            ? new TorchTensor(_file, storage, offset, shape, strides)
            : throw _file.Bad("holds a tensor that reaches beyond its storage");
    }

    private static long[]? Numbers(object?[] values) =>
        Array.TrueForAll(values, value => value is long and >= 0) ? Array.ConvertAll(values, value => (long)value!) : null;
}
