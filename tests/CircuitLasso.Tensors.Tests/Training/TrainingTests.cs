namespace CircuitLasso.Tensors.Tests;

[Collection(ThreadCount.Collection)]
public sealed class TrainingTests
{
    private const int Half = 6;
    private const int Vocabulary = 9;

    [Fact]
    public void A_two_layer_transformer_learns_to_copy_and_does_so_the_same_way_each_time()
    {
        (float loss, float[] weights) = ThreadCount.With(2, () => Train(250));
        Assert.InRange(loss, 0, 0.05f);

        (float again, float[] same) = ThreadCount.With(1, () => Train(250));
        Assert.Equal(loss, again);
        Assert.Equal(weights, same);
    }

    /// <summary>Random symbols, a separator, and the same symbols again, which are to be predicted.</summary>
    private static (float Loss, float[] Weights) Train(int steps)
    {
        using SmallTransformer model = new(7, layers: 2, width: 32, heads: 4, keyHeads: 2, Vocabulary);
        using AdamW optimiser = new(new AdamWOptions { Beta2 = 0.98f });
        model.Parameters.ForEach(parameter => optimiser.Add(parameter, decays: parameter.Rank > 1));
        LearningRateSchedule schedule = new(1e-2f, 20, steps, 1e-4f);
        RandomSource random = new(11);
        float loss = float.NaN;
        for (int step = 0; step < steps; step++)
        {
            using TensorScope scope = new();
            const int Batch = 24;
            int[] tokens = new int[Batch * 2 * Half];
            int[] targets = new int[tokens.Length];
            for (int row = 0; row < Batch; row++)
            {
                int[] symbols = [.. Enumerable.Range(0, Half).Select(_ => 1 + random.NextInt32(Vocabulary - 1))];
                int[] text = [.. symbols, 0, .. symbols];
                for (int i = 0; i < 2 * Half; i++)
                {
                    tokens[(row * 2 * Half) + i] = text[i];
                    targets[(row * 2 * Half) + i] = i < Half ? -1 : text[i + 1];
                }
            }

            Tensor cost = model.Forward(tokens, Batch).CrossEntropy(targets);
            cost.Backward();
            GradientNorm.Clip(model.Parameters, 1);
            optimiser.Step(schedule.At(step));
            optimiser.ClearGradients();
            loss = cost.Item();
        }

        return (loss, [.. model.Parameters.SelectMany(parameter => parameter.ToArray())]);
    }
}
