using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>All parameters of a model, in the order of <see cref="ModelDescription.Parameters"/>; matrices are [outputs, inputs]. Owns its tensors.</summary>
public sealed class ModelParameters : IDisposable
{
    private readonly Dictionary<ParameterKey, Tensor> _tensors;
    private readonly IDisposable? _files;

    /// <summary>Takes ownership of the tensors.</summary>
    /// <param name="description">The model.</param>
    /// <param name="tensors">A tensor for every parameter.</param>
    /// <param name="files">Files that the tensors lie in, closed after them; null where they lie in memory.</param>
    /// <exception cref="ArgumentException">A parameter is missing, superfluous or of another shape.</exception>
    public ModelParameters(ModelDescription description, IReadOnlyDictionary<ParameterKey, Tensor> tensors, IDisposable? files = null)
    {
        _files = files;
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(tensors);
        _tensors = [];
        List<ParameterKey> keys = [];
        foreach (ParameterShape parameter in description.Parameters())
        {
            if (!tensors.TryGetValue(parameter.Key, out Tensor? tensor) || !tensor.Shape.SequenceEqual(parameter.Shape))
            {
                throw new ArgumentException($"Parameter {parameter.Key} is missing or not of shape [{string.Join(", ", parameter.Shape)}].", nameof(tensors));
            }

            _tensors.Add(parameter.Key, tensor);
            keys.Add(parameter.Key);
        }

        if (tensors.Count != keys.Count)
        {
            throw new ArgumentException("There are tensors that the description does not name.", nameof(tensors));
        }

        Keys = keys;
    }

    /// <summary>The parameters in their fixed order.</summary>
    public IReadOnlyList<ParameterKey> Keys { get; }

    /// <summary>Number of scalars.</summary>
    public long Count => _tensors.Values.Sum(tensor => tensor.Length);

    /// <summary>Bytes of the parameters that stay in mapped files; the others are float32 in memory.</summary>
    public long BytesInFiles => _tensors.Values.Where(tensor => tensor.IsReadOnly).Sum(tensor => tensor.Length * (tensor.StoredType == StoredType.Float32 ? sizeof(float) : sizeof(ushort)));

    /// <summary>A parameter that the description has.</summary>
    public Tensor this[ParameterKey key] => _tensors[key];

    /// <summary>A parameter, or null where the description has none.</summary>
    public Tensor? Find(ParameterRole role, int layer = -1) => _tensors.GetValueOrDefault(new ParameterKey(role, layer));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        _files?.Dispose();
    }
}
