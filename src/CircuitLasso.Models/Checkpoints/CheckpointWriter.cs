using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Writes parameters under a family's own tensor names and layouts: the inverse of <see cref="CheckpointReader"/>.</summary>
internal static class CheckpointWriter
{
    public static void Write(TransformerModel model, IModelFamily family, string path)
    {
        ModelDescription description = model.Description;
        SortedDictionary<string, (IReadOnlyList<int> Shape, float[] Values)> stored = new(StringComparer.Ordinal);
        foreach (ParameterShape parameter in description.Parameters())
        {
            ParameterLocation location = family.Locate(description, parameter);
            int inputs = parameter.Shape.Length == 1 ? 1 : parameter.Shape[1];
            bool head = parameter.Key.Role == ParameterRole.Unembedding;
            string name = (head ? string.Empty : family.TensorPrefix) + location.TensorName;
            if (!stored.TryGetValue(name, out (IReadOnlyList<int> Shape, float[] Values) tensor))
            {
                stored[name] = tensor = (location.StoredShape, new float[location.StoredShape.Aggregate(1, (product, size) => checked(product * size))]);
            }

            float[] values = model.Parameters[parameter.Key].ToArray();
            for (int output = 0; output < parameter.Shape[0]; output++)
            {
                int start = location.OutputStart?.Invoke(output) ?? (output * inputs);
                for (int input = 0; input < inputs; input++)
                {
                    tensor.Values[start + (input * location.InputStride)] = values[(output * inputs) + input];
                }
            }
        }

        using SafeTensorsWriter writer = new(path, stored.Select(pair => new SafeTensorsDeclaration(pair.Key, SafeTensorsDataType.Float32, [.. pair.Value.Shape.Select(size => (long)size)])));
        foreach ((string name, (_, float[] values)) in stored)
        {
            writer.Write(name, values);
        }

        writer.Complete();
    }
}
