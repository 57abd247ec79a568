namespace CircuitLasso;

/// <summary>What one batch of texts gives the store. Rows are texts, or their tokens where nothing is pooled, in the batch's order.</summary>
internal sealed class CollectedRows : IDisposable
{
    public CollectedRows(int rows, IReadOnlyList<int> siteWidths, int autoencoders, int modelWidth)
    {
        Rows = rows;
        Sites = [.. siteWidths.Select(width => new float[checked(rows * width)])];
        Features = new FeatureCollection?[autoencoders];
        FinalResidual = new float[checked(rows * modelWidth)];
        LogProbability = new float[rows];
    }

    public int Rows { get; }

    /// <summary>rows x width for every site.</summary>
    public float[][] Sites { get; }

    /// <summary>Features of each site that has an autoencoder; null until the pass reached it.</summary>
    public FeatureCollection?[] Features { get; }

    /// <summary>The residual stream after the last block at the row's position (a pooled text's last one), rows x model width.</summary>
    public float[] FinalResidual { get; }

    /// <summary>
    /// Natural logarithms. Pooled: of the whole text after its first token. Not pooled: of the token after the row's; not a number after a text's last token.
    /// </summary>
    public float[] LogProbability { get; }

    public void Dispose()
    {
        foreach (FeatureCollection? features in Features)
        {
            features?.Dispose();
        }
    }
}
