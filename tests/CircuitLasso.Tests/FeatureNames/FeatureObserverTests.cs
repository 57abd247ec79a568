using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class FeatureObserverTests
{
    private const int Before = 20;
    private const int After = 8;

    [Theory]
    [InlineData(Pooling.None, 500)]
    [InlineData(Pooling.None, 3)]
    [InlineData(Pooling.Mean, 9000)]
    public void One_pass_sees_what_a_slow_look_at_every_row_sees(Pooling pooling, int texts)
    {
        using TemporaryFolder folder = new();
        RowFeatures store = RowFeatures.Random(pooling, texts);
        store.Write(folder.PathOf("store"));
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        int[] features = [49, 1, 0, 7, 30];
        IReadOnlyList<FeatureObservation> seen = FeatureObserver.Observe(reader, features.Select(feature => new FeatureName(store.Site, feature)), 6);
        Assert.Equal(features, seen.Select(observation => observation.Name.Index));
        foreach (FeatureObservation observation in seen)
        {
            int feature = observation.Name.Index;
            (StoreRow Row, float Value)[] rows = [.. store.Rows.Select(row => (row.Row, Math.Max(0, row.Features.FirstOrDefault(pair => pair.Feature == feature).Value)))];
            float[] active = [.. rows.Select(row => row.Value).Where(value => value > 0)];
            FeatureProfile profile = observation.Profile(reader.RowCount);
            Assert.Equal((rows.Length, active.Length), (profile.Rows, profile.ActiveRows));
            Assert.Equal(active.DefaultIfEmpty(0).Max(), profile.Maximum);
            Assert.Equal(active.Sum(value => (double)value) / rows.Length, profile.Mean, 1e-12 * (1 + profile.Mean));
            Assert.Equal(active.Length, profile.Histogram.Sum(bar => bar.Count));
            Assert.All(profile.Histogram, bar => Assert.Equal(active.Count(value => value >= bar.Lower && value < bar.Upper), bar.Count));

            ObservedText[] expected = Strongest(rows, pooling, 6);
            Assert.Equal(expected.Select(text => (text.Text, text.Value)), observation.Strongest.Select(text => (text.Text, text.Value)));
            foreach ((ObservedText slow, ObservedText fast) in expected.Zip(observation.Strongest))
            {
                Assert.Equal(slow.Tokens, fast.Tokens);
                Assert.Equal(slow.Values, fast.Values);
            }
        }
    }

    [Theory]
    [InlineData("resid_post.2", 1, "has no site resid_post.2")]
    [InlineData("embed", 0, "site embed holds activations and no features")]
    [InlineData("resid_post.1", 50, "has 50 features and none that is called resid_post.1/50")]
    public void A_feature_that_the_store_does_not_have_is_refused(string site, int feature, string problem)
    {
        using TemporaryFolder folder = new();
        RowFeatures.Random(Pooling.None, 3).Write(folder.PathOf("store"));
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        InputException refused = Assert.Throws<InputException>(() => FeatureObserver.Observe(reader, [new FeatureName(site, feature)], 1));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_value_that_is_no_number_is_refused(float value)
    {
        using TemporaryFolder folder = new();
        new RowFeatures("resid_post.1", Pooling.None, [(new StoreRow(0, 1), [(3, value)])]).Write(folder.PathOf("store"));
        using ActivationStoreReader reader = ActivationStoreReader.Open(folder.PathOf("store"));
        Assert.Contains("not finite", Assert.Throws<InputException>(() => FeatureObserver.Observe(reader, [new FeatureName("resid_post.1", 3)], 1)).Message, StringComparison.Ordinal);
        Assert.Single(FeatureObserver.Observe(reader, [new FeatureName("resid_post.1", 4)], 1));
    }

    [Fact]
    public void Bars_do_not_depend_on_the_order_of_the_activations()
    {
        Random random = new(5);
        float[] values = [.. Enumerable.Range(0, 1000).Select(_ => (float)Math.Exp((random.NextDouble() * 160) - 80)), float.Epsilon, float.MaxValue, 1, 2, 1.9999999f];
        ActivationHistogram forward = new();
        ActivationHistogram sorted = new();
        ActivationHistogram backward = new();
        Array.ForEach(values, forward.Add);
        Array.ForEach([.. values.Order()], sorted.Add);
        Array.ForEach([.. values.OrderDescending()], backward.Add);
        Assert.Equal(forward.Bars, sorted.Bars);
        Assert.Equal(forward.Bars, backward.Bars);
        Assert.InRange(forward.Bars.Count, 17, 32);
        Assert.Equal(values.Length, forward.Bars.Sum(bar => bar.Count));
    }

    // Each text's largest value, first of equal ones; of texts that show the same tokens the strongest, then the earliest.
    private static ObservedText[] Strongest((StoreRow Row, float Value)[] rows, Pooling pooling, int most)
    {
        List<ObservedText> texts = [];
        foreach (IGrouping<int, (StoreRow Row, float Value)> text in rows.GroupBy(row => row.Row.Text))
        {
            (StoreRow Row, float Value)[] tokens = [.. text];
            float peak = tokens.Max(token => token.Value);
            int place = Array.FindIndex(tokens, token => token.Value == peak);
            (StoreRow Row, float Value)[] shown = pooling == Pooling.None ? [.. tokens.Where((_, i) => i >= place - Before && i <= place + After)] : [];
            texts.Add(new ObservedText(text.Key, peak, [.. shown.Select(token => token.Row.Token)], [.. shown.Select(token => token.Value)]));
        }

        return
        [
            .. texts.Where(text => text.Value > 0).OrderByDescending(text => text.Value).ThenBy(text => text.Text)
                .DistinctBy(text => pooling == Pooling.None ? string.Join(',', text.Tokens) : text.Text.ToString()).Take(most),
        ];
    }
}
