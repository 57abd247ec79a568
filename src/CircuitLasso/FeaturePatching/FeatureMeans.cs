using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>Means of every site's features and errors over texts, for each position apart.</summary>
internal sealed class FeatureMeans
{
    private readonly AutoencoderSites _sites;
    private readonly List<Dictionary<int, double>[]> _features = [];
    private readonly List<double[][]> _errors = [];
    private readonly List<long> _counts = [];
    private MeanRow[][]? _means;

    public FeatureMeans(AutoencoderSites sites) => _sites = sites;

    /// <summary>Number of positions that some text has.</summary>
    public int Positions => _counts.Count;

    /// <summary>Counts texts in.</summary>
    public void Add(TokenBatch texts, IReadOnlyList<SiteState> states)
    {
        while (_counts.Count < texts.Positions)
        {
            _features.Add([.. _sites.Select(_ => new Dictionary<int, double>())]);
            _errors.Add([.. _sites.Select(place => new double[place.Autoencoder.InputWidth])]);
            _counts.Add(0);
        }

        for (int text = 0; text < texts.Count; text++)
        {
            for (int position = 0; position < texts.Lengths[text]; position++)
            {
                _counts[position]++;
                for (int site = 0; site < states.Count; site++)
                {
                    FeatureRow row = states[site].Row((text * texts.Positions) + position);
                    for (int i = 0; i < row.Indices.Length; i++)
                    {
                        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_features[position][site], row.Indices[i], out _) += row.Values[i];
                    }

                    double[] sum = _errors[position][site];
                    for (int column = 0; column < sum.Length; column++)
                    {
                        sum[column] += row.Error[column];
                    }
                }
            }
        }
    }

    /// <summary>The mean at a site and a position.</summary>
    public FeatureRow Row(int site, int position)
    {
        MeanRow mean = _means![position][site];
        return new FeatureRow(mean.Indices, mean.Values, mean.Error);
    }

    /// <summary>The mean of one feature at a position.</summary>
    public float Value(int site, int position, int feature)
    {
        MeanRow mean = _means![position][site];
        int at = Array.BinarySearch(mean.Indices, feature);
        return at < 0 ? 0 : mean.Values[at];
    }

    /// <summary>Divides the sums, after which no text is counted in.</summary>
    public void Finish()
    {
        _means = [.. _counts.Select((count, p) => _sites.Select((_, s) =>
        {
            int[] indices = [.. _features[p][s].Keys.Order()];
            return new MeanRow(indices, [.. indices.Select(index => (float)(_features[p][s][index] / count))], [.. _errors[p][s].Select(sum => (float)(sum / count))]);
        }).ToArray())];
    }

    private sealed record MeanRow(int[] Indices, float[] Values, float[] Error);
}
