using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>The weights of a model while they are placed by hand; all are 0 at first.</summary>
internal sealed class PlantedWeights(ModelDescription description)
{
    private readonly Dictionary<ParameterKey, float[]> _values = description.Parameters().ToDictionary(
        parameter => parameter.Key, parameter => new float[parameter.Shape.Aggregate(1, (product, size) => product * size)]);

    /// <summary>Makes a token or a position write a direction, or a query, a key, a value, a neuron or an output read one.</summary>
    public void AddRow(ParameterRole role, int layer, int row, float[] direction, double factor)
    {
        float[] values = _values[new ParameterKey(role, layer)];
        for (int i = 0; i < direction.Length; i++)
        {
            values[(row * direction.Length) + i] += (float)(factor * direction[i]);
        }
    }

    /// <summary>Makes a value of a head, or a neuron, write a direction.</summary>
    public void AddColumn(ParameterRole role, int layer, int column, float[] direction, double factor)
    {
        float[] values = _values[new ParameterKey(role, layer)];
        int columns = values.Length / direction.Length;
        for (int i = 0; i < direction.Length; i++)
        {
            values[(i * columns) + column] += (float)(factor * direction[i]);
        }
    }

    /// <summary>Sets the bias of a neuron.</summary>
    public void SetNeuronBias(int layer, int neuron, double bias) => _values[new ParameterKey(ParameterRole.MlpUpBias, layer)][neuron] = (float)bias;

    /// <summary>The model of these weights.</summary>
    public TransformerModel ToModel() => new(
        description, new ModelParameters(description, description.Parameters().ToDictionary(parameter => parameter.Key, parameter => Tensor.FromValues(_values[parameter.Key], parameter.Shape))));
}
