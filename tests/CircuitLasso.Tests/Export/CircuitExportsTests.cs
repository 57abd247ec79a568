using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class CircuitExportsTests
{
    [Fact]
    public void Names_are_unique_and_found()
    {
        Assert.Equal(CircuitExports.All.Count, CircuitExports.All.Select(export => export.Name).Distinct().Count());
        Assert.All(CircuitExports.All, export => Assert.Same(export, CircuitExports.Find(export.Name)));
        Assert.All(CircuitExports.All, export => Assert.NotEmpty(export.Description));
        Assert.Equal("--format: 'pdf' is no export format; use one of json, csv, dot, graphml, eap-ig, neuronpedia", Assert.Throws<InputException>(() => CircuitExports.Find("pdf")).Message);
    }

    [Fact]
    public void A_format_that_cannot_hold_the_circuit_leaves_the_old_file()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("a.json"), "old");
        Assert.Throws<InputException>(() => CircuitExports.WriteFile(SampleCircuits.Features(), CircuitExports.Find("eap-ig"), folder.PathOf("a.json")));
        Assert.Equal("old", File.ReadAllText(folder.PathOf("a.json")));
        Assert.Single(Directory.GetFileSystemEntries(folder.Root));
    }
}
