using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class ShuffledTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("score")]
    [InlineData("label")]
    public void Rows_are_in_another_order_and_the_same_for_the_same_seed(string name)
    {
        using ActivationStoreReader store = new FeatureRows(texts: 200, features: 14).Write(_folder.PathOf("store"));
        LearningTarget target = StoreTarget.Read(store, name), shuffled = target.Shuffled(3, store);
        Assert.Equal((target.Name, target.NodeName, target.Kind), (shuffled.Name, shuffled.NodeName, shuffled.Kind));
        Assert.Equal(Values(target).Order(), Values(shuffled).Order());
        Assert.NotEqual(Values(target), Values(shuffled));
        Assert.Equal(Values(shuffled), Values(target.Shuffled(3, store)));
        Assert.Equal(Values(shuffled), Values(target.Shuffled(3)));
        Assert.NotEqual(Values(shuffled), Values(target.Shuffled(4, store)));
    }

    [Fact]
    public void The_tokens_of_a_text_stay_together_and_in_order()
    {
        using ActivationStoreReader store = new FeatureRows(texts: 60, features: 14, pooling: Pooling.None).Write(_folder.PathOf("store"));
        StoreRow[] rows = new StoreRow[store.RowCount];
        store.ReadRowDescriptions(0, rows);

        // A number that says which row it was.
        LearningTarget target = LearningTarget.Behaviour("row", [.. Enumerable.Range(0, rows.Length).Select(row => (double)row)]);
        int[] order = [.. Values(target.Shuffled(3, store)).Select(value => (int)value)];
        Assert.NotEqual(Enumerable.Range(0, rows.Length), order);
        for (int i = 1; i < order.Length; i++)
        {
            bool isSameText = rows[order[i]].Text == rows[order[i - 1]].Text;
            Assert.Equal(isSameText ? order[i - 1] + 1 : order[i], order[i]);
            Assert.Equal(isSameText, rows[order[i]].Position > 0);
        }
    }

    [Fact]
    public void A_store_of_other_rows_is_refused()
    {
        using ActivationStoreReader store = new FeatureRows(texts: 60, features: 14).Write(_folder.PathOf("store"));
        Assert.Throws<ArgumentException>(() => LearningTarget.Behaviour("x", [1, 2]).Shuffled(1, store));
    }

    private static double[] Values(LearningTarget target) => target.Numbers ?? [.. target.Classes!.Select(value => (double)value)];
}
