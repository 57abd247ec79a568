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

    // What is read where nodes stand at a site; activations of later sites that are read, and what is encoded of them, go into captured, with their graph where they have one.
    private float[]?[] ReadLater(int site, Tensor leaf, SiteNodes nodes, List<Captured>? captured)
    {
        float[]?[] readings = [.. CleanReadings];
        readings[site] = nodes.Readings;
        if (site >= _reader!.LastSite)
        {
            return readings;
        }

        Run([site], [leaf], Sites[_reader.LastSite].Site.Layer + 1, hooks =>
        {
            for (int later = site + 1; later <= _reader.LastSite; later++)
            {
                if (_reader[later] is { } read)
                {
                    ReadSite(hooks, later, read, readings, captured);
                }
            }
        });
        return readings;
    }

    private void ReadSite(ForwardHooks hooks, int site, ReadoutSite read, float[]?[] readings, List<Captured>? captured)
    {
        SiteAutoencoder place = Sites[site];
        Tensor? encoded = null;
        if (place.IsTranscoder)
        {
            Read(hooks, place.InputSite, value => encoded = value);
        }

        Read(hooks, place.Site, value =>
        {
            SiteState state = SiteState.Of(place.Autoencoder, value.ToArray(), encoded?.ToArray());
            readings[site] = read.Read(state);
            if (captured is null)
            {
                state.Dispose();
            }
            else
            {
                captured.Add(new Captured(site, value, encoded ?? value, state));
            }
        });
    }

    // The gradient by what is read at the site itself; that by the leaf is left there.
    private float[]? ReadBackwards(int site, Tensor leaf, SiteNodes nodes)
    {
        List<Captured> captured = [];
        float[]?[] slopes = _scores!.Slopes(ReadLater(site, leaf, nodes, captured), _batch.Share);
        Tensor? sum = null;

        // To first order at these activations the behaviour is a linear function of them.
        void Add(Tensor place, float[]? slope)
        {
            if (slope is not null && place.RequiresGradient)
            {
                Tensor term = place.Multiply(Tensor.FromValues(slope, place.Shape)).Sum();
                sum = sum is null ? term : sum.Add(term);
            }
        }

        foreach (Captured at in captured)
        {
            (float[] byEncoded, float[]? byValue) = _reader![at.Site]!.Slope(at.State, slopes[at.Site]!);
            Add(at.Encoded, byEncoded);
            Add(at.Value, byValue == byEncoded ? null : byValue);
            at.State.Dispose();
        }

        sum?.Backward();
        return slopes[site];
    }

    private sealed record Captured(int Site, Tensor Value, Tensor Encoded, SiteState State);
}
