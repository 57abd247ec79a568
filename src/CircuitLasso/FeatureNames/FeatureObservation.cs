namespace CircuitLasso;

/// <summary>What one pass over a store shows of one feature: counts, and the texts on which it is strongest. Not thread-safe.</summary>
/// <param name="name">The feature.</param>
/// <param name="most">How many texts are kept, at least 1.</param>
internal sealed class FeatureObservation(FeatureName name, int most)
{
    private readonly ActivationHistogram _histogram = new();
    private readonly List<ObservedText> _strongest = [];
    private long _active;
    private double _sum;
    private double _maximum;

    internal FeatureName Name { get; } = name;

    /// <summary>The strongest texts, strongest first; of equally strong ones the first in the file. No two show the same tokens.</summary>
    internal IReadOnlyList<ObservedText> Strongest => _strongest;

    internal FeatureProfile Profile(long rows) => new(Name.ToString(), rows, _active, rows == 0 ? 0 : _sum / rows, _maximum) { Histogram = _histogram.Bars };

    /// <summary>Counts a row on which the feature is above 0.</summary>
    internal void Add(float value)
    {
        _active++;
        _sum += value;
        _maximum = Math.Max(_maximum, value);
        _histogram.Add(value);
    }

    /// <summary>Whether a text with this activation would be kept. Texts come in the order of the file, so that an equal one comes too late.</summary>
    internal bool Wants(double value) => _strongest.Count < most || value > _strongest[^1].Value;

    /// <summary>Offers a text, which must come after all those that were offered before.</summary>
    internal void Offer(ObservedText text)
    {
        // A text that is copied many times would fill the list and show one thing.
        int same = text.Tokens.Length == 0 ? -1 : _strongest.FindIndex(other => other.Tokens.AsSpan().SequenceEqual(text.Tokens));
        if (same >= 0)
        {
            if (_strongest[same].Value >= text.Value)
            {
                return;
            }

            _strongest.RemoveAt(same);
        }

        int place = _strongest.FindIndex(other => other.Value < text.Value);
        _strongest.Insert(place < 0 ? _strongest.Count : place, text);
        if (_strongest.Count > most)
        {
            _strongest.RemoveAt(most);
        }
    }
}
