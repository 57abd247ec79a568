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

    // The parts of a fused tensor follow each other: the last tensor read is kept so that it is converted once.
    private string? _lastName;
    private float[] _lastValues = [];

    public CheckpointReader(string folder, SafeTensorsCheckpoint checkpoint, IModelFamily family, ModelDescription description)
    {
        _folder = folder;
        _checkpoint = checkpoint;
        _family = family;
        _description = description;
        _storedNames = [];
        foreach (string name in checkpoint.Tensors.Keys)
        {
            string bare = name.StartsWith(family.TensorPrefix, StringComparison.Ordinal) ? name[family.TensorPrefix.Length..] : name;
            if (!_storedNames.TryAdd(bare, name))
            {
                throw new InputException(folder, $"tensors '{_storedNames[bare]}' and '{name}' are the same parameter", "remove one of them");
            }
        }
    }

    public Tensor Read(ParameterShape parameter)
    {
        ParameterLocation location = _family.Locate(_description, parameter);
        int inputs = parameter.Shape.Length == 1 ? 1 : parameter.Shape[1];
        float[] stored = ReadStored(location);
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

    private float[] ReadStored(ParameterLocation location)
    {
        if (_lastName == location.TensorName)
        {
            return _lastValues;
        }

        string name = Find(location);
        long length = _checkpoint.Tensors[name].Shape.Aggregate(1L, (product, size) => product * size);
        if (length > Array.MaxLength)
        {
            throw new InputException(_folder, $"tensor '{name}' has {length} elements, more than can be held here", "use a smaller model");
        }

        _lastValues = new float[length];
        _checkpoint.ReadSingle(name, _lastValues);
        _lastName = location.TensorName;
        return _lastValues;
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
}
