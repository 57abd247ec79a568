namespace CircuitLasso.Tests;

/// <summary>Compares circuits part by part.</summary>
internal static class CircuitAssert
{
    internal static void Same(Circuit expected, Circuit actual)
    {
        Assert.Equal(expected.Nodes, actual.Nodes);
        Assert.Equal(expected.Edges, actual.Edges);
        Assert.Equal(expected.Target, actual.Target);
        Assert.Equal(expected.WeightPath, actual.WeightPath);
        Assert.Equal(expected.Coefficients, actual.Coefficients);
        Assert.Equal(expected.Examples, actual.Examples);
        Assert.Equal(expected.Profiles, actual.Profiles);
        Assert.Equal(expected.Metrics.AsEnumerable(), actual.Metrics.AsEnumerable());
        Assert.Equal(expected.Provenance.AsEnumerable(), actual.Provenance.AsEnumerable());
        Assert.Equal(expected.Readout?.Coefficients, actual.Readout?.Coefficients);
        Assert.Equal(expected.Readout?.Intercepts, actual.Readout?.Intercepts);
        Assert.Equal(expected.Readout?.Classes, actual.Readout?.Classes);
        Assert.Equal((expected.Readout?.Pooling, expected.Readout?.Mean, expected.Readout?.MaximumTokens), (actual.Readout?.Pooling, actual.Readout?.Mean, actual.Readout?.MaximumTokens));
        Assert.Equal(
            (expected.Components?.Layers, expected.Components?.Heads, expected.Components?.ParallelBlocks, expected.Components?.Width),
            (actual.Components?.Layers, actual.Components?.Heads, actual.Components?.ParallelBlocks, actual.Components?.Width));
    }
}
