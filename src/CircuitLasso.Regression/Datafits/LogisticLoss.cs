using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Two classes: L = sum over rows of log(1 + exp(z)) - y z, y in {0, 1}, a sum and not a mean. Its residual is p - y with
/// p = 1 / (1 + exp(-z)). The conjugate at u = s (p - y), v = y + u in [0, 1], is v log v + (1 - v) log(1 - v).
/// </summary>
public sealed class LogisticLoss : IClassificationLoss
{
    private readonly int[] _labels;

    /// <summary>Keeps the labels.</summary>
    /// <param name="labels">0, 1, or -1 for a row that is left out.</param>
    /// <exception cref="InputException">A label is none of these, or no row is left in.</exception>
    public LogisticLoss(ReadOnlySpan<int> labels)
    {
        _labels = ClassLabels.Check(labels, 2);
    }

    /// <inheritdoc/>
    public string Name => "logistic";

    /// <inheritdoc/>
    public int Rows => _labels.Length;

    /// <inheritdoc/>
    public int ScoreColumns => 1;

    /// <inheritdoc/>
    public double Indicator(int row, int scoreColumn) => _labels[row] == 1 ? 1 : 0;

    /// <inheritdoc/>
    public bool Includes(int row) => _labels[row] >= 0;

    /// <inheritdoc/>
    public double Evaluate(ReadOnlySpan<double> scores, Span<double> residuals)
    {
        double loss = 0;
        for (int i = 0; i < _labels.Length; i++)
        {
            if (_labels[i] < 0)
            {
                residuals[i] = 0;
                continue;
            }

            // With m the margin against the label, the loss is log(1 + exp(m)) and p - y is +-1 / (1 + exp(-m)).
            double margin = _labels[i] == 1 ? -scores[i] : scores[i];
            double small = Math.Exp(-Math.Abs(margin));
            loss += Math.Max(margin, 0) + Math.Log(1 + small);
            double wrong = (margin > 0 ? 1 : small) / (1 + small);
            residuals[i] = _labels[i] == 1 ? -wrong : wrong;
        }

        return loss;
    }

    /// <inheritdoc/>
    public double Dual(ReadOnlySpan<double> residuals, double scale)
    {
        double value = 0;
        foreach (double residual in residuals)
        {
            // v and 1 - v are |s r| and 1 - |s r| in one order or the other.
            double v = Math.Abs(scale * residual);
            value -= (v > 0 ? v * Math.Log(v) : 0) + (v < 1 ? (1 - v) * Math.Log(1 - v) : 0);
        }

        return value;
    }

    /// <inheritdoc/>
    public double[] NullIntercepts()
    {
        double ones = _labels.Count(label => label == 1), zeros = _labels.Count(label => label == 0);
        return [Math.Log(ones / zeros)];
    }
}
