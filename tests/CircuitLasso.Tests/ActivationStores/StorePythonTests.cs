using System.Globalization;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Runs the programs that docs/store.md shows.</summary>
public sealed class StorePythonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_that_the_documented_python_program_writes_is_read()
    {
        Python.Run("numpy", Program("Writing a store from Python"), _folder.Root);
        using ActivationStoreReader reader = ActivationStoreReader.Open(_folder.Root);
        reader.Verify();

        Assert.Equal(6, reader.RowCount);
        StoreRow[] rows = new StoreRow[6];
        reader.ReadRowDescriptions(0, rows);
        Assert.Equal(Enumerable.Range(0, 6).Select(text => new StoreRow(text, 7, text % 2)), rows);
        float[] scores = new float[6];
        reader.ReadTarget("score", 0, scores);
        Assert.Equal([0, 0.25f, 0.5f, 0.75f, 1, 1.25f], scores);

        long[] indptr = new long[7];
        int[] indices = new int[6];
        float[] values = new float[6];
        reader.ReadSparseRows("features", 0, 6, indptr, indices, values);
        Assert.Equal([0, 0, 2, 2, 4, 4, 6], indptr);
        Assert.Equal([2, 30, 2, 30, 2, 30], indices);

        // The same generator, asked by a second program.
        string expected = Python.Run("numpy", "import numpy\nfor x in numpy.random.default_rng(0).standard_normal((6, 16)).astype('f').ravel(): print(float(x))");
        float[] dense = new float[96];
        reader.ReadRows("resid_post.0", 0, 6, dense);
        Assert.Equal(expected.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => float.Parse(line, CultureInfo.InvariantCulture)), dense);
    }

    [Theory]
    [InlineData(Pooling.Last)]
    [InlineData(Pooling.None)]
    public void The_documented_python_program_reads_a_store(Pooling pooling)
    {
        SampleStore sample = new(pooling, rowsPerShard: 24);
        sample.Write(_folder.Root, textsPerBatch: 6);

        string[] lines = Python.Run("numpy", Program("Reading a store from Python"), _folder.Root).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            StoreSite site = sample.Manifest.Sites[i];
            double sum = site.Kind == StoreSiteKind.Dense
                ? sample.Rows.Sum(row => SampleStore.Dense(row, site).Sum(value => (double)value))
                : sample.Rows.Sum(row => SampleStore.Sparse(row).Sum(feature => (double)feature.Value));
            Assert.StartsWith($"{site.Name} ({sample.Rows.Count}, {site.Width}) ", lines[i], StringComparison.Ordinal);
            Assert.Equal(sum, double.Parse(lines[i].Split(' ')[^1], CultureInfo.InvariantCulture), 1e-9);
        }
    }

    private static string Program(string heading)
    {
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "store.md"));
        string section = page[page.IndexOf("## " + heading, StringComparison.Ordinal)..];
        int start = section.IndexOf("```python\n", StringComparison.Ordinal) + "```python\n".Length;
        return section[start..section.IndexOf("```\n", start, StringComparison.Ordinal)];
    }
}
