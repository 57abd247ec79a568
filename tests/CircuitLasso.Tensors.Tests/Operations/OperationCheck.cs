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
            Tensor? gradient = tensors[i].Gradient;
            Assert.NotNull(gradient);
            Assert.Equal(inputs[i].Shape, gradient.Shape.ToArray());
            float[] slopes = gradient.ToArray();
            int[] elements = Elements(slopes.Length);
            double[] differences = [.. elements.Select(element => CentralDifference(twin, inputs, inputs[i].Values, element, seed))];
            AssertClose(differences, [.. elements.Select(element => slopes[element])], gradientTolerance, $"gradient of input {i}");
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

    /// <summary>All elements of small inputs, and a spread of a hundred, the last one included, of larger ones.</summary>
    private static int[] Elements(int length) =>
        length <= 100 ? [.. Enumerable.Range(0, length)] : [.. Enumerable.Range(0, 100).Select(i => (int)((long)i * (length - 1) / 99))];

    private static double CentralDifference(Func<Reference[], Reference> twin, Reference[] inputs, double[] values, int element, Reference seed)
    {
        double kept = values[element];
        values[element] = kept + Step;
        double above = Dot(twin(inputs), seed);
        values[element] = kept - Step;
        double below = Dot(twin(inputs), seed);
        values[element] = kept;
        return (above - below) / (2 * Step);
    }

    private static double Dot(Reference a, Reference b) => a.Values.Zip(b.Values, (x, y) => x * y).Sum();
}
