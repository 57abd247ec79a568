namespace CircuitLasso.Numerics.Tests;

public sealed class PrefetchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(100_000)]
    public void It_changes_nothing(int length)
    {
        double[] values = [.. Enumerable.Range(0, length).Select(i => (double)i)];
        Prefetch.Read<double>(values);
        Prefetch.Read<double>(values.AsSpan(length));
        Assert.Equal([.. Enumerable.Range(0, length).Select(i => (double)i)], values);
    }
}
