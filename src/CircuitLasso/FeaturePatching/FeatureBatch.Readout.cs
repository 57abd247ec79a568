using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <content>What a readout reads of the batch: at the site of a replaced node the replaced value itself, at later sites what the model makes of it.</content>
internal sealed partial class FeatureBatch
{
    private readonly ReadoutReader? _reader;
    private readonly ReadoutScores? _scores;

    /// <summary>What is read at a site; null where nothing is.</summary>
    public ReadoutSite? Read(int site) => _reader?[site];

    /// <summary>Whether a readout's score is the behaviour.</summary>
    public bool HasReadout => _reader is not null;

    /// <summary>What is read of the clean texts, by site rows x columns; null where nothing is.</summary>
    public float[]?[] CleanReadings { get; }

    /// <summary>What is read of what stands in the place of a site, rows x columns; padding is 0.</summary>
    public float[]?[] ReplacedReadings { get; }

    /// <summary>The batch's share of the behaviour by what is read.</summary>
    public double Score(float[]?[] readings) => _batch.Share * _scores!.PerText(readings).Sum();

    /// <summary>How far a feature's or the error's reading moves where it is replaced, times the slopes of what is read; 0 where it is not read.</summary>
    public double Moved(int site, int row, int feature, float[]? slopes)
    {
        if (_reader?[site] is not { } read)
        {
            return 0;
        }

        int column = feature == FeatureNode.Error ? read.FirstError : read.ColumnOf(feature);
        int end = feature == FeatureNode.Error ? read.Columns : column + 1;
        double moved = 0;
        for (int at = column < 0 ? end : column; at < end; at++)
        {
            int index = (row * read.Columns) + at;
            moved += ((double)ReplacedReadings[site]![index] - CleanReadings[site]![index]) * slopes![index];
        }

        return moved;
    }

    private float[]? ReplaceReadings(int site)
    {
        if (_reader?[site] is not { } read || _replacement == FeatureReplacement.Zero)
        {
            return _reader?[site] is { } zero ? new float[Rows * zero.Columns] : null;
        }

        if (_replacement != FeatureReplacement.Mean)
        {
            return read.Read(_corrupt![site]);
        }

        float[] readings = new float[Rows * read.Columns];
        for (int row = 0; row < Rows; row++)
        {
            if (IsReal(row, out int position))
            {
                _means!.Readings(site, position).CopyTo(readings.AsSpan(row * read.Columns));
            }
        }

        return readings;
    }

    // What is read where nodes stand at a site; activations of later sites that are read go into captured, with their graph where they have one.
    private float[]?[] ReadLater(int site, Tensor leaf, SiteNodes nodes, List<(int Site, Tensor Value, SiteState State)>? captured)
    {
        float[]?[] readings = [.. CleanReadings];
        readings[site] = nodes.Readings;
        ForwardHooks hooks = new();
        for (int later = site + 1; later <= _reader!.LastSite; later++)
        {
            if (_reader[later] is not { } read)
            {
                continue;
            }

            int index = later;
            hooks.Add(_sites[later].Site, (_, value) =>
            {
                SiteState state = SiteState.Of(_sites[index].Autoencoder, value.ToArray());
                readings[index] = read.Read(state);
                if (captured is null)
                {
                    state.Dispose();
                }
                else
                {
                    captured.Add((index, value, state));
                }

                return null;
            });
        }

        if (site < _reader.LastSite)
        {
            Run(site, leaf, _sites[_reader.LastSite].Site.Layer + 1, hooks);
        }

        return readings;
    }

    // The gradient by what is read at the site itself; that by the leaf is left there.
    private float[]? ReadBackwards(int site, Tensor leaf, SiteNodes nodes)
    {
        List<(int Site, Tensor Value, SiteState State)> captured = [];
        float[]?[] slopes = _scores!.Slopes(ReadLater(site, leaf, nodes, captured), _batch.Share);
        Tensor? sum = null;
        foreach ((int later, Tensor value, SiteState state) in captured)
        {
            if (value.RequiresGradient)
            {
                // To first order at these activations the behaviour is this linear function of them.
                Tensor slope = Tensor.FromValues(_reader![later]!.Slope(state, slopes[later]!), value.Shape);
                Tensor term = value.Multiply(slope).Sum();
                sum = sum is null ? term : sum.Add(term);
            }

            state.Dispose();
        }

        sum?.Backward();
        return slopes[site];
    }
}
