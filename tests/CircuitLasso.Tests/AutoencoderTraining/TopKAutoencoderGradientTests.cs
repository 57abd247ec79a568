using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class TopKAutoencoderGradientTests
{
    private const float DeadWeight = 0.3f;

    [Theory]
    [InlineData(5, 3, 2, 1, 0)]
    [InlineData(9, 4, 7, 3, 0)]
    [InlineData(9, 4, 7, 3, 2)]
    [InlineData(33, 17, 12, 5, 3)]
    [InlineData(33, 17, 12, 5, 20)]
    public void Gradients_are_the_slopes_of_the_loss(int features, int width, int rows, int k, int deadCount)
    {
        RandomSource random = new(7);
        using TrainedMatrix encoder = Random(features, width, random), encoderBias = Random(1, features, random), decoder = Random(features, width, random), decoderBias = Random(1, width, random);
        double[] batch = [.. Enumerable.Range(0, rows * width).Select(_ => (double)(float)random.NextNormal())];
        int[] dead = [.. Enumerable.Range(0, deadCount).Select(i => features - 1 - i).Order()];
        foreach (int feature in dead)
        {
            encoderBias.Row(0)[feature] = -1;
        }

        using TopKAutoencoderGradient gradient = new(encoder, encoderBias, decoder, decoderBias, k, rows);
        using NativeBuffer<float> input = new(batch.Length);
        for (int i = 0; i < batch.Length; i++)
        {
            input.Span[i] = (float)batch[i];
        }

        gradient.TakeBiases();
        gradient.Encode(input);
        gradient.Compute(input, dead, DeadWeight);

        TrainedMatrix[] parameters = [encoder, encoderBias, decoder, decoderBias];
        double[][] values = [.. parameters.Select(parameter => parameter.Value.Span.ToArray().Select(value => (double)value).ToArray())];
        double[]? errors = null;
        double start = Loss(values, batch, width, k, dead, ref errors);
        Assert.True(start > 0);
        int checkedSlopes = 0;
        for (int parameter = 0; parameter < parameters.Length; parameter++)
        {
            float[] analytic = parameters[parameter].Gradient.Span.ToArray();
            for (int i = 0; i < analytic.Length; i++)
            {
                const double step = 1e-6;
                double original = values[parameter][i];
                values[parameter][i] = original + step;
                double above = Loss(values, batch, width, k, dead, ref errors);
                values[parameter][i] = original - step;
                double below = Loss(values, batch, width, k, dead, ref errors);
                values[parameter][i] = original;
                double slope = (above - below) / (2 * step);
                Assert.True(Math.Abs(slope - analytic[i]) <= 1e-5 + (1e-4 * Math.Abs(slope)), $"parameter {parameter}[{i}]: {analytic[i]} where the slope is {slope}");
                checkedSlopes += slope != 0 ? 1 : 0;
            }
        }

        Assert.True(checkedSlopes > width);
    }

    [Fact]
    public void A_row_is_updated_as_the_optimiser_of_tensors_does()
    {
        RandomSource random = new(3);
        using TrainedMatrix matrix = Random(3, 21, random);
        using Tensor parameter = Tensor.FromValues(matrix.Value.Span, 3, 21);
        using AdamW optimiser = new(new AdamWOptions { Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 6.25e-10f, WeightDecay = 0 });
        optimiser.Add(parameter);
        for (int step = 1; step <= 5; step++)
        {
            for (int i = 0; i < matrix.Gradient.Length; i++)
            {
                matrix.Gradient.Span[i] = (float)random.NextNormal();
            }

            parameter.ClearGradient();
            using (TensorScope scope = new())
            {
                parameter.Multiply(Tensor.FromValues(matrix.Gradient.Span, 3, 21)).Sum().Backward();
            }

            optimiser.Step(0.01f);
            for (int row = 0; row < 3; row++)
            {
                matrix.Update(row, step, 0.01f);
            }
        }

        float[] expected = parameter.ToArray();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], matrix.Value.Span[i], 1e-6f);
        }
    }

    private static TrainedMatrix Random(int rows, int width, RandomSource random)
    {
        TrainedMatrix matrix = new(rows, width);
        foreach (ref float value in matrix.Value.Span)
        {
            value = (float)random.NextNormal();
        }

        return matrix;
    }

    // The loss as its definition says, in double precision with dense loops. errors is what the dead are fitted to: taken at the first call, then held.
    private static double Loss(double[][] parameters, double[] batch, int width, int k, int[] dead, ref double[]? errors)
    {
        double[] encoder = parameters[0], encoderBias = parameters[1], decoder = parameters[2], decoderBias = parameters[3];
        int rows = batch.Length / width, features = encoderBias.Length;
        double[] left = new double[batch.Length], deadOutput = new double[batch.Length];
        for (int row = 0; row < rows; row++)
        {
            double[] before = [.. Enumerable.Range(0, features).Select(f =>
                encoderBias[f] + Enumerable.Range(0, width).Sum(j => encoder[(f * width) + j] * (batch[(row * width) + j] - decoderBias[j])))];
            int[] alive = [.. Enumerable.Range(0, features).OrderByDescending(f => before[f]).Take(k).Where(f => before[f] > 0)];
            int[] revived = [.. dead.OrderByDescending(f => before[f]).Take(k).Where(f => before[f] > 0)];
            for (int j = 0; j < width; j++)
            {
                left[(row * width) + j] = decoderBias[j] + alive.Sum(f => before[f] * decoder[(f * width) + j]) - batch[(row * width) + j];
                deadOutput[(row * width) + j] = revived.Sum(f => before[f] * decoder[(f * width) + j]);
            }
        }

        errors ??= left;
        double[] held = errors;
        double loss = left.Sum(value => value * value) / batch.Length;
        return dead.Length == 0
            ? loss
            : loss + (DeadWeight * Math.Min(1, (double)dead.Length / k) * deadOutput.Zip(held, (output, error) => (output + error) * (output + error)).Sum() / held.Sum(value => value * value));
    }
}
