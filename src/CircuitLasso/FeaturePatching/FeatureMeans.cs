using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Means of every site's features and errors over texts, for each position apart as far as positions have means of their own, and of what a readout reads.</summary>
internal sealed class FeatureMeans
{
    private readonly AutoencoderSites _sites;
    private readonly List<Dictionary<int, double>[]> _features = [];
    private readonly List<double[][]> _errors = [];
    private readonly List<long> _counts = [];
    private readonly List<double[][]> _readings = [];
    private readonly int _ownPositions;
    private readonly ReadoutReader? _reader;
    private MeanRow[][]? _means;

    /// <summary>Begins to count.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="ownPositions">Positions before this one have means of their own; all from it on share one.</param>
    /// <param name="reader">What a readout reads; null without one.</param>
    public FeatureMeans(AutoencoderSites sites, int ownPositions, ReadoutReader? reader) => (_sites, _ownPositions, _reader) = (sites, ownPositions, reader);

    /// <summary>Counts texts in.</summary>
    public void Add(TokenBatch texts, SiteState[] states)
    {
        float[]?[] readings = _reader?.Read(states) ?? new float[]?[states.Length];
        while (_counts.Count < Math.Min(texts.Positions, (long)_ownPositions + 1))
        {
            _readings.Add([.. _sites.Select((_, site) => new double[_reader?[site]?.Columns ?? 0])]);
            _features.Add([.. _sites.Select(_ => new Dictionary<int, double>())]);
            _errors.Add([.. _sites.Select(place => new double[place.Autoencoder.OutputWidth])]);
            _counts.Add(0);
        }

        for (int text = 0; text < texts.Count; text++)
        {
            for (int position = 0; position < texts.Lengths[text]; position++)
            {
                int slot = Slot(position);
                int index = (text * texts.Positions) + position;
                _counts[slot]++;
                for (int site = 0; site < states.Length; site++)
                {
                    FeatureRow row = states[site].Row(index);
                    for (int i = 0; i < row.Indices.Length; i++)
                    {
                        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_features[slot][site], row.Indices[i], out _) += row.Values[i];
                    }

                    double[] sum = _errors[slot][site];
                    for (int column = 0; column < sum.Length; column++)
                    {
                        sum[column] += row.Error[column];
                    }

                    double[] read = _readings[slot][site];
                    for (int column = 0; column < read.Length; column++)
                    {
                        read[column] += readings[site]![(index * read.Length) + column];
                    }
                }
            }
        }
    }

    /// <summary>The mean at a site and a position.</summary>
    public FeatureRow Row(int site, int position)
    {
        MeanRow mean = _means![Slot(position)][site];
        return new FeatureRow(mean.Indices, mean.Values, mean.Error);
    }

    /// <summary>The means of what a readout reads at a site and a position.</summary>
    public ReadOnlySpan<float> Readings(int site, int position) => _means![Slot(position)][site].Readings;

    /// <summary>Divides the sums, after which no text is counted in.</summary>
    public void Finish()
    {
        _means = [.. _counts.Select((count, p) => _sites.Select((_, s) =>
        {
            int[] indices = [.. _features[p][s].Keys.Order()];
            return new MeanRow(indices, [.. indices.Select(index => (float)(_features[p][s][index] / count))], [.. _errors[p][s].Select(sum => (float)(sum / count))], [.. _readings[p][s].Select(sum => (float)(sum / count))]);
        }).ToArray())];
    }

    private int Slot(int position) => Math.Min(position, _ownPositions);

    private sealed record MeanRow(int[] Indices, float[] Values, float[] Error, float[] Readings);
}
