using CircuitLasso.Tensors;

namespace CircuitLasso.Models;

/// <summary>Starts parameters at random as GPT-2 does: normal of deviation .02, matrices that write to the residual stream over sqrt(2 layers), gains 1, biases 0.</summary>
public static class ParameterInitializer
{
    private const float Deviation = 0.02f;

    /// <summary>Random parameters; the same seed gives the same bytes on every machine.</summary>
    /// <param name="description">The architecture.</param>
    /// <param name="seed">Seed of the generator.</param>
    /// <param name="deviation">Standard deviation of matrices; .02 by default.</param>
    public static ModelParameters Random(ModelDescription description, ulong seed, float deviation = Deviation)
    {
        ArgumentNullException.ThrowIfNull(description);
        RandomSource random = new(seed);
        float residualDeviation = deviation / MathF.Sqrt(2 * description.Layers);
        Dictionary<ParameterKey, Tensor> tensors = [];
        foreach (ParameterShape parameter in description.Parameters())
        {
            float[] values = new float[parameter.Shape.Aggregate(1, (product, size) => checked(product * size))];
            switch (parameter.Key.Role)
            {
                case ParameterRole role when UnitGain(description, role) is { } gain:
                    Array.Fill(values, gain);
                    break;
                case ParameterRole.OutputWeight or ParameterRole.MlpDownWeight:
                    FillNormal(random, values, residualDeviation);
                    break;
                default:
                    if (parameter.Shape.Length > 1)
                    {
                        FillNormal(random, values, deviation);
                    }

                    break;
            }

            tensors.Add(parameter.Key, Tensor.FromValues(values, parameter.Shape));
        }

        return new ModelParameters(description, tensors);
    }

    /// <summary>Random parameters as InterpBench starts them: every matrix, embeddings included, normal of one deviation; gains 1, biases 0.</summary>
    /// <param name="description">The architecture.</param>
    /// <param name="seed">Seed of the generator.</param>
    /// <param name="deviation">Standard deviation of matrices.</param>
    public static ModelParameters Normal(ModelDescription description, ulong seed, float deviation)
    {
        ArgumentNullException.ThrowIfNull(description);
        RandomSource random = new(seed);
        Dictionary<ParameterKey, Tensor> tensors = [];
        foreach (ParameterShape parameter in description.Parameters())
        {
            float[] values = new float[parameter.Shape.Aggregate(1, (product, size) => checked(product * size))];
            if (UnitGain(description, parameter.Key.Role) is { } gain)
            {
                Array.Fill(values, gain);
            }
            else if (parameter.Shape.Length > 1)
            {
                FillNormal(random, values, deviation);
            }

            tensors.Add(parameter.Key, Tensor.FromValues(values, parameter.Shape));
        }

        return new ModelParameters(description, tensors);
    }

    /// <summary>
    /// The same model with the entries of every parameter matrix shuffled: the null model of a comparison, alike in every distribution of weights and without what was learnt.
    /// </summary>
    public static ModelParameters Shuffled(ModelDescription description, ModelParameters parameters, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameters);
        RandomSource random = new(seed);
        Dictionary<ParameterKey, Tensor> tensors = [];
        foreach (ParameterShape parameter in description.Parameters())
        {
            float[] values = parameters[parameter.Key].ToArray();
            if (parameter.Shape.Length > 1)
            {
                for (int i = values.Length - 1; i > 0; i--)
                {
                    int other = random.NextInt32(i + 1);
                    (values[i], values[other]) = (values[other], values[i]);
                }
            }

            tensors.Add(parameter.Key, Tensor.FromValues(values, parameter.Shape));
        }

        return new ModelParameters(description, tensors);
    }

    // What a norm's parameter holds where the norm only normalises, or null for a parameter of another kind.
    private static float? UnitGain(ModelDescription description, ParameterRole role) => role switch
    {
        ParameterRole.AttentionNormGain or ParameterRole.MlpNormGain or ParameterRole.FinalNormGain
            or ParameterRole.AttentionOutputNormGain or ParameterRole.MlpOutputNormGain => 1 - description.Normalization.GainOffset,
        ParameterRole.QueryNormGain or ParameterRole.KeyNormGain => 1 - description.Attention.HeadNormalization!.GainOffset,
        _ => null,
    };

    private static void FillNormal(RandomSource random, float[] values, float deviation)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(deviation * random.NextNormal());
        }
    }
}
