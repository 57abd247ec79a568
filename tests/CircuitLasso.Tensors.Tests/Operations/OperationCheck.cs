namespace CircuitLasso.Tensors.Tests;

/// <summary>
/// Compares an operation with its float64 twin, and its gradients with central differences of the twin (in float64, where differences are exact
/// to about ten digits).
/// </summary>
public static class OperationCheck
{
    private const double Step = 1e-5;

    public static void Agrees(Func<Tensor[], Tensor> operation, Func<Reference[], Reference> twin, Reference[] inputs, double tolerance = 1e-5, double gradientTolerance = 2e-5)
    {
        using TensorScope scope = new();
        Tensor[] tensors = [.. inputs.Select(input => input.ToTensor())];
        foreach (Tensor tensor in tensors)
        {
            tensor.RequiresGradient = true;
        }

        Tensor result = operation(tensors);
        Reference expected = twin(inputs);
        Assert.Equal(expected.Shape, result.Shape.ToArray());
        AssertClose(expected.Values, result.ToArray(), tolerance, "value");

        Reference seed = Reference.Random(new Random(17), expected.Shape, -1, 1);
        using (GradientMode.Disable())
        {
            Tensor again = operation(tensors);
            Assert.False(again.RequiresGradient);
            Assert.Equal(result.ToArray(), again.ToArray());
        }

        result.Backward(seed.ToTensor());
        for (int i = 0; i < inputs.Length; i++)
        {
            double[] differences = CentralDifferences(twin, inputs, i, seed);
            Tensor? gradient = tensors[i].Gradient;
            Assert.NotNull(gradient);
            Assert.Equal(inputs[i].Shape, gradient.Shape.ToArray());
            AssertClose(differences, gradient.ToArray(), gradientTolerance, $"gradient of input {i}");
        }
    }

    public static void AssertClose(double[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
        for (int i = 0; i < expected.Length; i++)
        {
            bool isClose = expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) <= tolerance * scale;
            Assert.True(isClose, $"{what}, element {i}: {actual[i]:R} where {expected[i]:R} is right (tolerance {tolerance * scale:R})");
        }
    }

    private static double[] CentralDifferences(Func<Reference[], Reference> twin, Reference[] inputs, int input, Reference seed)
    {
        double[] differences = new double[inputs[input].Values.Length];
        for (int j = 0; j < differences.Length; j++)
        {
            double[] values = inputs[input].Values;
            double kept = values[j];
            values[j] = kept + Step;
            double above = Dot(twin(inputs), seed);
            values[j] = kept - Step;
            double below = Dot(twin(inputs), seed);
            values[j] = kept;
            differences[j] = (above - below) / (2 * Step);
        }

        return differences;
    }

    private static double Dot(Reference a, Reference b) => a.Values.Zip(b.Values, (x, y) => x * y).Sum();
}
