namespace CircuitLasso;

/// <summary>
/// Counts activations above 0 in at most 32 bars of equal width without knowing the largest beforehand: the width is a power of two, and doubles when an
/// activation is beyond the last bar. The bars are the same whatever the order of the activations. Not thread-safe.
/// </summary>
internal sealed class ActivationHistogram
{
    private const int BarCount = 32;
    private readonly long[] _counts = new long[BarCount];
    private double _width;

    /// <summary>The bars, from 0 up to the largest activation; empty where there was none.</summary>
    internal IReadOnlyList<ActivationBin> Bars
    {
        get
        {
            int last = Array.FindLastIndex(_counts, count => count > 0);
            return [.. Enumerable.Range(0, last + 1).Select(bar => new ActivationBin(bar * _width, (bar + 1) * _width, _counts[bar]))];
        }
    }

    /// <summary>Counts an activation.</summary>
    /// <param name="value">Finite and above 0.</param>
    internal void Add(float value)
    {
        // The width at which the value is in the upper half of the bars.
        double width = Math.ScaleB(1, Math.ILogB(value) + 1) / BarCount;
        if (_width == 0)
        {
            _width = width;
        }

        while (_width < width)
        {
            Double();
        }

        _counts[(int)(value / _width)]++;
    }

    private void Double()
    {
        for (int bar = 0; bar < BarCount; bar++)
        {
            _counts[bar] = bar < BarCount / 2 ? _counts[2 * bar] + _counts[(2 * bar) + 1] : 0;
        }

        _width *= 2;
    }
}
