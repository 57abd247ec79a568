using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>Fetches parameters from a checkpoint by a family's table of locations, and notices what is missing, superfluous or of a wrong shape.</summary>
internal sealed class CheckpointReader
{
    private readonly string _folder;
    private readonly SafeTensorsCheckpoint _checkpoint;
    private readonly IModelFamily _family;
    private readonly ModelDescription _description;
    private readonly Dictionary<string, string> _storedNames;
    private readonly HashSet<string> _read = [];
    private readonly bool _mapsMatrices;

    // The parts of a fused tensor follow each other: the last tensor read is kept so that it is converted once.
    private string? _lastName;
    private float[] _lastValues = [];

    /// <param name="folder">The folder, for messages.</param>
    /// <param name="checkpoint">The files; mapped matrices need them open.</param>
    /// <param name="family">The family.</param>
    /// <param name="description">The model.</param>
    /// <param name="mapsMatrices">Whether matrices are left in the files where that is possible.</param>
    public CheckpointReader(string folder, SafeTensorsCheckpoint checkpoint, IModelFamily family, ModelDescription description, bool mapsMatrices)
    {
        _mapsMatrices = mapsMatrices;
        _folder = folder;
        _checkpoint = checkpoint;
        _family = family;
        _description = description;
        _storedNames = [];
        foreach (string name in checkpoint.Tensors.Keys)
        {
            string bare = Bare(name);
            if (!_storedNames.TryAdd(bare, name))
            {
                throw new InputException(folder, $"tensors '{_storedNames[bare]}' and '{name}' are the same parameter", "remove one of them");
            }
        }
    }

    public Tensor Read(ParameterShape parameter)
    {
        ParameterLocation location = _family.Locate(_description, parameter);
        string name = Find(location);
        if (_mapsMatrices && Mapped(parameter, location, name) is { } mapped)
        {
            return mapped;
        }

        int inputs = parameter.Shape.Length == 1 ? 1 : parameter.Shape[1];
        float[] stored = ReadStored(location, name);
        if (location.OutputStart is null)
        {
            return Tensor.FromValues(stored, parameter.Shape);
        }

        float[] values = new float[parameter.Shape[0] * inputs];
        for (int output = 0; output < parameter.Shape[0]; output++)
        {
            int start = location.OutputStart(output);
            for (int input = 0; input < inputs; input++)
            {
                values[(output * inputs) + input] = stored[start + (input * location.InputStride)];
            }
        }

        return Tensor.FromValues(values, parameter.Shape);
    }

    /// <summary>Checks names and shapes without reading an element.</summary>
    public void RequireMatches()
    {
        foreach (ParameterShape parameter in _description.Parameters())
        {
            Find(_family.Locate(_description, parameter));
        }

        RequireAllRead();
    }

    public void RequireAllRead()
    {
        string? superfluous = _storedNames
            .Where(pair => !_read.Contains(pair.Key) && !_family.IsBuffer(_description, pair.Key))
            .Select(pair => pair.Value)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        if (superfluous is not null)
        {
            throw new InputException(_folder, $"tensor '{superfluous}' has no place in the architecture that config.json describes", "use the config.json that belongs to these weights");
        }
    }

    /// <summary>
    /// The matrix where it lies, or null where it must be copied: vectors, which are small and which every operation reads; types other than F32, F16 and BF16; rows that do not
    /// follow each other at one distance (TransformerLens's matrices per head); and float32 that is not aligned.
    /// </summary>
    private Tensor? Mapped(ParameterShape parameter, ParameterLocation location, string name)
    {
        SafeTensorsEntry entry = _checkpoint.Tensors[name];
        StoredType? type = entry.DataType switch
        {
            SafeTensorsDataType.Float32 => StoredType.Float32,
            SafeTensorsDataType.Float16 => StoredType.Float16,
            SafeTensorsDataType.BFloat16 => StoredType.BFloat16,
            _ => null,
        };
        if (parameter.Shape.Length != 2 || type is null || Rows(parameter, location) is not (long first, long stride) || Math.Min(stride, location.InputStride) != 1)
        {
            return null;
        }

        long offset = entry.Offset + (first * (type == StoredType.Float32 ? sizeof(float) : sizeof(ushort)));
        if (type == StoredType.Float32 && offset % sizeof(float) != 0)
        {
            return null;
        }

        return Tensor.FromMapped(
            new MappedMatrix
            {
                File = _checkpoint.FileOf(name).Mapping,
                Offset = offset,
                StoredType = type.Value,
                Rows = parameter.Shape[0],
                Columns = parameter.Shape[1],
                RowStride = stride,
                ColumnStride = location.InputStride,
            },
            parameter.Shape);
    }

    /// <summary>The first entry's place in the stored tensor and the distance of the rows, or null where it is not one distance.</summary>
    private static (long First, long Stride)? Rows(ParameterShape parameter, ParameterLocation location)
    {
        if (location.OutputStart is not { } start)
        {
            return (0, parameter.Shape[1]);
        }

        int outputs = parameter.Shape[0];
        long first = start(0);
        long stride = outputs > 1 ? start(1) - first : 1;
        for (int output = 2; output < outputs; output++)
        {
            if (start(output) != first + (output * stride))
            {
                return null;
            }
        }

        return stride > 0 ? (first, stride) : null;
    }

    // The stored name of a parameter's tensor, whose shape is right.
    private string Find(ParameterLocation location)
    {
        string bareName = location.AlternativeName is { } alternative && !_storedNames.ContainsKey(location.TensorName) ? alternative : location.TensorName;
        if (!_storedNames.TryGetValue(bareName, out string? name))
        {
            throw new InputException(_folder, $"has no tensor '{_family.TensorPrefix}{location.TensorName}', which config.json calls for", "use the config.json that belongs to these weights");
        }

        long[] expected = [.. location.StoredShape.Select(size => (long)size)];
        IReadOnlyList<long> actual = _checkpoint.Tensors[name].Shape;
        if (!actual.SequenceEqual(expected))
        {
            throw new InputException(
                _folder,
                $"tensor '{name}' has shape [{string.Join(", ", actual)}] where config.json calls for [{string.Join(", ", expected)}]",
                "use the config.json that belongs to these weights");
        }

        _read.Add(bareName);
        return name;
    }

    private float[] ReadStored(ParameterLocation location, string name)
    {
        if (_lastName == location.TensorName)
        {
            return _lastValues;
        }

        long length = location.StoredShape.Aggregate(1L, (product, size) => product * size);
        if (length > Array.MaxLength)
        {
            throw new InputException(_folder, $"tensor '{name}' has {length} elements, more than can be held here", "use a smaller model");
        }

        _lastValues = new float[length];
        _checkpoint.ReadSingle(name, _lastValues);
        _lastName = location.TensorName;
        return _lastValues;
    }

    private string Bare(string name) => name.StartsWith(_family.TensorPrefix, StringComparison.Ordinal) ? name[_family.TensorPrefix.Length..] : name;
}
