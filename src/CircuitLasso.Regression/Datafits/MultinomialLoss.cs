using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// K classes: L = sum over rows of log(sum over k of exp(z[k])) - z[label], a sum and not a mean, every class with coefficients of its own.
/// Its residual is p - y with p the softmax of the scores and y the indicator. The conjugate at u = s (p - y), v = y + u, is the sum of v log v.
/// </summary>
public sealed class MultinomialLoss : IClassificationLoss
{
    private readonly int[] _labels;

    /// <summary>Keeps the labels.</summary>
    /// <param name="labels">0 to <paramref name="classes"/> - 1, or -1 for a row that is left out.</param>
    /// <param name="classes">Number of classes, at least two.</param>
    /// <exception cref="InputException">A label is none of these, or no row is left in.</exception>
    public MultinomialLoss(ReadOnlySpan<int> labels, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ScoreColumns = classes;
        _labels = ClassLabels.Check(labels, classes);
    }

    /// <inheritdoc/>
    public string Name => "multinomial";

    /// <inheritdoc/>
    public int Rows => _labels.Length;

    /// <inheritdoc/>
    public int ScoreColumns { get; }

    /// <inheritdoc/>
    public double Indicator(int row, int scoreColumn) => _labels[row] == scoreColumn ? 1 : 0;

    /// <inheritdoc/>
    public bool Includes(int row) => _labels[row] >= 0;

    /// <inheritdoc/>
    public double Evaluate(ReadOnlySpan<double> scores, Span<double> residuals)
    {
        double loss = 0;
        int rows = _labels.Length;
        for (int i = 0; i < rows; i++)
        {
            if (_labels[i] < 0)
            {
                for (int c = 0; c < ScoreColumns; c++)
                {
                    residuals[(c * rows) + i] = 0;
                }

                continue;
            }

            double largest = double.NegativeInfinity, sum = 0;
            for (int c = 0; c < ScoreColumns; c++)
            {
                largest = Math.Max(largest, scores[(c * rows) + i]);
            }

            for (int c = 0; c < ScoreColumns; c++)
            {
                double exponential = Math.Exp(scores[(c * rows) + i] - largest);
                residuals[(c * rows) + i] = exponential;
                sum += exponential;
            }

            loss += Math.Log(sum) + largest - scores[(_labels[i] * rows) + i];
            double others = 0;
            for (int c = 0; c < ScoreColumns; c++)
            {
                double probability = residuals[(c * rows) + i] / sum;
                residuals[(c * rows) + i] = probability;
                others += c == _labels[i] ? 0 : probability;
            }

            // 1 - p of the right class, without the cancellation.
            residuals[(_labels[i] * rows) + i] = -others;
        }

        return loss;
    }

    /// <inheritdoc/>
    public double Dual(ReadOnlySpan<double> residuals, double scale)
    {
        double value = 0;
        for (int c = 0; c < ScoreColumns; c++)
        {
            for (int i = 0; i < _labels.Length; i++)
            {
                double v = (_labels[i] == c ? 1 : 0) + (scale * residuals[(c * _labels.Length) + i]);
                value -= v > 0 ? v * Math.Log(v) : 0;
            }
        }

        return value;
    }

    /// <inheritdoc/>
    public double[] NullIntercepts()
    {
        double included = _labels.Count(label => label >= 0);
        return [.. Enumerable.Range(0, ScoreColumns).Select(c => Math.Log(_labels.Count(label => label == c) / included))];
    }
}
