using CircuitLasso.Models;

namespace CircuitLasso.Tests;

public sealed class HiddenUnitRegressionTests
{
    [Theory]
    [InlineData(NormalizationKind.None, false)]
    [InlineData(NormalizationKind.LayerWithoutParameters, false)]
    [InlineData(NormalizationKind.Layer, true)]
    [InlineData(NormalizationKind.RootMeanSquare, false)]
    public void The_regression_finds_what_the_mlp_writes_on_rows_that_it_has_not_seen(NormalizationKind norm, bool parallel)
    {
        using TransformerModel model = RegressionToy.Model(norm, causal: true, parallel);
        DiscoveryTask task = RegressionToy.Task(60, [4, 6], lastOnly: false);
        SampleLayout layout = new(task);
        using ComponentContributions contributions = ContributionCollector.Collect(
            model, layout, true, HiddenUnitRegression.SamplesNeeded(layout, model.Description.Width), 1 << 14, null, default);
        Assert.Equal(layout.Samples, contributions.HiddenSamples);

        TiedRegression regression = TiedRegression.Fit(contributions, task, RidgeShares.Damped);

        for (int layer = 0; layer < 2; layer++)
        {
            HiddenUnitMap map = Assert.IsType<HiddenUnitMap>(regression.Maps[contributions.MlpNode(layer)]);
            Assert.InRange(map.Explained, 0.99999, 1);
        }
    }

    [Fact]
    public void Only_as_many_samples_are_recorded_as_the_regression_needs()
    {
        SampleLayout layout = new(RegressionToy.Task(600, [4], lastOnly: false));

        Assert.Equal(2048 / 4, HiddenUnitRegression.SamplesNeeded(layout, 6));
        Assert.Equal(1200, HiddenUnitRegression.SamplesNeeded(layout, 4000));

        using TransformerModel model = RegressionToy.Model(NormalizationKind.None, causal: true);
        using ComponentContributions all = ContributionCollector.Collect(model, layout, false, 1200, 1 << 16, null, default);
        using ComponentContributions some = ContributionCollector.Collect(model, layout, false, 7, 1 << 13, null, default);
        Assert.Equal(7 * 4 * 8, some.HiddenInputs(1).Length);
        float[] expected = all.HiddenInputs(1)[..(7 * 4 * 8)].ToArray();
        Assert.All(some.HiddenInputs(1).ToArray(), (value, i) => Assert.Equal(expected[i], value, 1e-5f));
    }
}
