using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class ScaledErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Coefficients_are_those_of_the_float64_Lasso_on_errors_in_units_of_features()
    {
        const double Ratio = 0.02;
        FeatureRows rows = new(3, texts: 300, features: 14, error: 4);
        float[,] target = rows.Values("resid_post.1"), error = rows.Values("resid_post.0.error");
        for (int row = 0; row < rows.Rows.Length; row++)
        {
            for (int k = 0; k < 4; k++)
            {
                // Small, and yet what the feature goes by.
                error[row, k] *= 0.05f;
            }

            target[row, 11] = Math.Max(0, target[row, 11] + (8 * error[row, 1]));
        }

        using ActivationStoreReader store = rows.Write(_folder.PathOf("store"));
        FeatureCircuitResult result = Learn(store, Ratio, scaleErrors: true);
        (string Node, double[] Values)[] columns =
        [
            .. Enumerable.Range(0, 14).Select(j => ($"resid_post.0/{j}", Column(rows, "resid_post.0", j))),
            .. Enumerable.Range(0, 4).Select(k => ("resid_post.0/error", Column(rows, "resid_post.0.error", k))),
        ];
        double typical = columns[..14].Average(column => Deviation(column.Values));
        double[] factors = [.. columns.Select((column, i) => i < 14 ? 1 : Deviation(column.Values) / typical)];
        Assert.All(factors[14..], factor => Assert.InRange(factor, 0.001, 0.5));
        double[] y = Column(rows, "resid_post.1", 11);
        double mean = y.Average(), lambda = Ratio * 2 * columns.Select((column, i) => Math.Abs(column.Values.Zip(y, (a, b) => a * (b - mean)).Sum()) / factors[i]).Max();
        float[,] design = new float[y.Length, columns.Length], targets = new float[y.Length, 1];
        for (int row = 0; row < y.Length; row++)
        {
            targets[row, 0] = (float)y[row];
            for (int j = 0; j < columns.Length; j++)
            {
                design[row, j] = (float)(columns[j].Values[row] / factors[j]);
            }
        }

        (double[] weights, _, _) = CircuitLasso.Regression.Tests.SlowLasso.Solve(design, targets, 0, lambda, centred: true);
        for (int j = 0; j < 14; j++)
        {
            Assert.Equal(weights[j], result.Circuit.Edge($"resid_post.0/{j}", "resid_post.1/11")?.Weight ?? 0, 1e-5);
        }

        double norm = Math.Sqrt(Enumerable.Range(14, 4).Sum(j => weights[j] / factors[j] * (weights[j] / factors[j])));
        Assert.Equal(norm, result.Circuit.Edge("resid_post.0/error", "resid_post.1/11")!.Norm!.Value, 1e-4 * norm);
        Assert.InRange(norm, 3, 9);

        // At the same share of the largest lambda, small coordinates go unnoticed in their own unit.
        Assert.True((Learn(store, 0.2, scaleErrors: false).Circuit.Edge("resid_post.0/error", "resid_post.1/11")?.Norm ?? 0) < 0.5 * (Learn(store, 0.2, scaleErrors: true).Circuit.Edge("resid_post.0/error", "resid_post.1/11")?.Norm ?? 0));
    }

    [Fact]
    public void Scaled_errors_beside_scaled_columns_are_refused()
    {
        using ActivationStoreReader store = new FeatureRows(1, texts: 40, features: 12).Write(_folder.PathOf("store"));
        string message = Assert.Throws<InputException>(() => FeatureCircuitLearner.LearnAll(store, new() { ScaleErrors = true, Standardize = true })).Message;
        Assert.Contains("--standardize", message, StringComparison.Ordinal);
    }

    private static FeatureCircuitResult Learn(ActivationStoreReader store, double ratio, bool scaleErrors) => FeatureCircuitLearner.Learn(
        store, FeatureNodeName.Parse("resid_post.1/11"), new() { LambdaRatio = ratio, ScaleErrors = scaleErrors, MinimumRelevance = 0, Tolerance = 1e-10 }, cancellation: TestContext.Current.CancellationToken);

    private static double[] Column(FeatureRows rows, string site, int column) => [.. Enumerable.Range(0, rows.Rows.Length).Select(row => (double)rows.Values(site)[row, column])];

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / values.Length);
    }
}
