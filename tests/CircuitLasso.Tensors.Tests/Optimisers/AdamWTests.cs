namespace CircuitLasso.Tensors.Tests;

public sealed class AdamWTests
{
    [Fact]
    public void Steps_follow_the_definition_in_float64()
    {
        using TensorScope scope = new();
        AdamWOptions options = new() { Beta1 = 0.8f, Beta2 = 0.95f, Epsilon = 1e-4f, WeightDecay = 0.1f };
        Reference start = Reference.Random(new Random(1), [37]);
        Tensor decayed = start.ToTensor();
        Tensor plain = start.ToTensor();
        using AdamW optimiser = new(options);
        optimiser.Add(decayed);
        optimiser.Add(plain, decays: false);
        double[][] expected = [[.. start.Values], [.. start.Values]];
        double[] first = new double[37];
        double[] second = new double[37];
        for (int step = 1; step <= 10; step++)
        {
            Reference slope = Reference.Random(new Random(100 + step), [37]);
            float rate = 0.01f * step;
            foreach (Tensor parameter in optimiser.Parameters)
            {
                parameter.Multiply(slope.ToTensor()).Sum().Backward();
            }

            optimiser.Step(rate);
            optimiser.ClearGradients();
            for (int i = 0; i < 37; i++)
            {
                double g = slope.Values[i];
                first[i] = (options.Beta1 * first[i]) + ((1 - options.Beta1) * g);
                second[i] = (options.Beta2 * second[i]) + ((1 - options.Beta2) * g * g);
                double move = rate * first[i] / (1 - Math.Pow(options.Beta1, step)) / (Math.Sqrt(second[i] / (1 - Math.Pow(options.Beta2, step))) + options.Epsilon);
                expected[0][i] = (expected[0][i] * (1 - (rate * options.WeightDecay))) - move;
                expected[1][i] -= move;
            }

            OperationCheck.AssertClose(expected[0], decayed.ToArray(), 2e-6, "decayed parameter");
            OperationCheck.AssertClose(expected[1], plain.ToArray(), 2e-6, "parameter without decay");
        }

        Assert.Equal(10, optimiser.StepCount);
        OperationCheck.AssertClose(first, optimiser.FirstMoment(plain).ToArray(), 1e-6, "first moment");
        OperationCheck.AssertClose(second, optimiser.SecondMoment(plain).ToArray(), 1e-6, "second moment");
    }

    // With a constant gradient and no decay both corrected moments are exact, so every step moves by rate g / (|g| + epsilon).
    [Fact]
    public void A_constant_gradient_moves_by_the_learning_rate()
    {
        using TensorScope scope = new();
        Tensor parameter = Tensor.FromValues([1, -1, 3], 3);
        using AdamW optimiser = new(new AdamWOptions { WeightDecay = 0 });
        optimiser.Add(parameter);
        for (int step = 0; step < 5; step++)
        {
            parameter.Multiply(Tensor.FromValues([2, -0.5f, 0], 3)).Sum().Backward();
            optimiser.Step(0.125f);
            optimiser.ClearGradients();
        }

        OperationCheck.AssertClose([1 - 0.625, -1 + 0.625, 3], parameter.ToArray(), 1e-6, "parameter");
    }

    [Fact]
    public void Parameters_without_a_gradient_stay()
    {
        using TensorScope scope = new();
        Tensor used = Tensor.Scalar(1);
        Tensor unused = Tensor.Scalar(1);
        using AdamW optimiser = new();
        optimiser.Add(used);
        optimiser.Add(unused);
        used.Scale(2).Backward();
        optimiser.Step(0.1f);
        Assert.Equal(1, unused.Item());
        Assert.NotEqual(1, used.Item());
        Assert.Throws<ArgumentException>(() => optimiser.Add(used));
        Assert.Throws<ArgumentException>(() => optimiser.FirstMoment(Tensor.Scalar(0)));
    }

    [Fact]
    public void Constants_outside_their_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(new AdamWOptions { Beta1 = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(new AdamWOptions { Beta2 = float.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(new AdamWOptions { WeightDecay = -1 }));
    }

    [Fact]
    public void Clipping_scales_all_gradients_to_the_largest_norm()
    {
        using TensorScope scope = new();
        Tensor a = Tensor.FromValues([0, 0], 2);
        Tensor b = Tensor.Scalar(0);
        a.RequiresGradient = true;
        b.RequiresGradient = true;
        a.Multiply(Tensor.FromValues([3, 4], 2)).Sum().Add(b.Scale(12)).Backward();
        Assert.Equal(13, GradientNorm.Clip([a, b, Tensor.Scalar(1)], 20), 1e-12);
        Assert.Equal([3, 4], a.Gradient!.ToArray());
        Assert.Equal(13, GradientNorm.Clip([a, b], 1.3), 1e-12);
        OperationCheck.AssertClose([0.3, 0.4], a.Gradient!.ToArray(), 1e-6, "gradient");
        Assert.Equal(1.2, b.Gradient!.Item(), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientNorm.Clip([a], 0));
    }

    [Fact]
    public void Learning_rate_warms_up_and_falls_along_a_cosine()
    {
        LearningRateSchedule schedule = new(1, 4, 12, 0.2f);
        Assert.Equal([0.25f, 0.5f, 0.75f, 1, 1], Enumerable.Range(0, 5).Select(schedule.At));
        Assert.Equal(0.6f, schedule.At(8), 1e-6f);
        Assert.Equal(0.2f + (0.4f * (1 - MathF.Sqrt(0.5f))), schedule.At(10), 1e-6f);
        Assert.Equal(0.2f, schedule.At(12));
        Assert.Equal(0.2f, schedule.At(1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule(1, 5, 4));
    }
}
