using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>
/// Two classes: L = sum over rows of log(1 + exp(z)) - y z, y in {0, 1}, a sum and not a mean. Its residual is p - y with
/// p = 1 / (1 + exp(-z)). The conjugate at u = s (p - y), v = y + u in [0, 1], is v log v + (1 - v) log(1 - v).
/// </summary>
public sealed class LogisticLoss : IClassificationLoss
{
    private const int RowsAtOnce = 512;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Evaluate(ReadOnlySpan<double> scores, Span<double> residuals)
    {
        double loss = 0;
        Span<double> small = stackalloc double[RowsAtOnce], logarithms = stackalloc double[RowsAtOnce];
        for (int start = 0; start < _labels.Length; start += RowsAtOnce)
        {
            ReadOnlySpan<int> labels = _labels.AsSpan(start, Math.Min(RowsAtOnce, _labels.Length - start));
            ReadOnlySpan<double> z = scores.Slice(start, labels.Length);
            Span<double> wrong = residuals.Slice(start, labels.Length);
            small = small[..labels.Length];
            logarithms = logarithms[..labels.Length];

            // With m the margin against the label, the loss is log(1 + exp(m)) and p - y is +-1 / (1 + exp(-m)).
            for (int i = 0; i < small.Length; i++)
            {
                small[i] = -Math.Abs(z[i]);
            }

            TensorPrimitives.Exp(small, small);
            TensorPrimitives.Add(small, 1, logarithms);
            TensorPrimitives.Log(logarithms, logarithms);
            for (int i = 0; i < labels.Length; i++)
            {
                if (labels[i] < 0)
                {
                    wrong[i] = 0;
                    continue;
                }

                double margin = labels[i] == 1 ? -z[i] : z[i];
                loss += Math.Max(margin, 0) + logarithms[i];
                double share = (margin > 0 ? 1 : small[i]) / (1 + small[i]);
                wrong[i] = labels[i] == 1 ? -share : share;
            }
        }

        return loss;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
