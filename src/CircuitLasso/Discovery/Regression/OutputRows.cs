using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The outputs that are explained: the logits of every class, or, of a large vocabulary, of the tokens that the task's answers name (of those that the model puts first
/// where it names none). Immutable.
/// </summary>
internal sealed class OutputRows
{
    /// <summary>As many classes as are explained whole, and most that are chosen of a vocabulary.</summary>
    public const int MostClasses = 128;

    private const int LogitsAtOnce = 1 << 22;
    private readonly TransformerModel _model;

    /// <summary>Chooses the classes.</summary>
    /// <param name="contributions">The contributions.</param>
    /// <param name="task">The task, for its answers.</param>
    /// <param name="residual">Rows x width: the last residual stream.</param>
    public OutputRows(ComponentContributions contributions, DiscoveryTask task, ReadOnlySpan<float> residual)
    {
        _model = contributions.Model;
        int all = contributions.Description.OutputSize;
        if (all <= MostClasses)
        {
            Classes = [.. Enumerable.Range(0, all)];
            return;
        }

        IEnumerable<int> candidates = (task.Classes ?? []).Concat(task.WrongClasses ?? []).SelectMany(answers => answers);
        int[] named = MostFrequent(candidates);
        Classes = named.Length > 1 ? named : MostFrequent(named.Concat(First(residual, contributions.Layout)));
    }

    /// <summary>The classes, rising.</summary>
    public int[] Classes { get; }

    /// <summary>Directions in which the logits of one row vary once their mean is taken away: one fewer than classes, unless there is one only.</summary>
    public int Directions => Math.Max(1, Classes.Length - 1);

    /// <summary>
    /// Orthonormal directions of zero sum (Helmert's), classes x <see cref="Directions"/>: squares and products of centred logits are the same in these coordinates.
    /// </summary>
    public double[] Basis()
    {
        double[] basis = new double[Classes.Length * Directions];
        basis[0] = 1;
        for (int k = 0; k < Classes.Length - 1; k++)
        {
            double norm = Math.Sqrt((k + 1.0) * (k + 2));
            for (int c = 0; c <= k; c++)
            {
                basis[(c * Directions) + k] = 1 / norm;
            }

            basis[((k + 1) * Directions) + k] = -(k + 1) / norm;
        }

        return basis;
    }

    /// <summary>The logits of the classes at some rows.</summary>
    /// <param name="residual">Rows x width: the last residual stream.</param>
    /// <param name="rows">Which rows.</param>
    /// <returns>Row by row, one logit a class.</returns>
    public float[] Logits(ReadOnlySpan<float> residual, int[] rows)
    {
        float[] chosen = new float[checked(rows.Length * Classes.Length)];
        int all = _model.Description.OutputSize;
        ForEachSlice(residual, rows, (start, count, logits) =>
        {
            for (int row = 0; row < count; row++)
            {
                for (int k = 0; k < Classes.Length; k++)
                {
                    chosen[((start + row) * Classes.Length) + k] = logits[(row * all) + Classes[k]];
                }
            }
        });
        return chosen;
    }

    /// <summary>Takes from each row its mean over the classes, where there are several (softmax does not see it), and then from each column its mean over the rows of a slot.</summary>
    /// <param name="layout">The rows.</param>
    /// <param name="rows">Which rows <paramref name="logits"/> has.</param>
    /// <param name="logits">What <see cref="Logits"/> gave.</param>
    public void Centre(SampleLayout layout, int[] rows, Span<float> logits)
    {
        int classes = Classes.Length;
        double[] means = new double[layout.Slots * classes];
        int[] counts = new int[layout.Slots];
        for (int row = 0; row < rows.Length; row++)
        {
            Span<float> own = logits.Slice(row * classes, classes);
            double mean = 0;
            for (int k = 0; k < classes && classes > 1; k++)
            {
                mean += own[k] / (double)classes;
            }

            int slot = rows[row] % layout.Slots;
            counts[slot]++;
            for (int k = 0; k < classes; k++)
            {
                own[k] = (float)(own[k] - mean);
                means[(slot * classes) + k] += own[k];
            }
        }

        for (int row = 0; row < rows.Length; row++)
        {
            int slot = rows[row] % layout.Slots;
            for (int k = 0; k < classes; k++)
            {
                logits[(row * classes) + k] -= (float)(means[(slot * classes) + k] / counts[slot]);
            }
        }
    }

    private static int[] MostFrequent(IEnumerable<int> classes) =>
        [.. classes.GroupBy(id => id).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).Take(MostClasses).Select(group => group.Key).Order()];

    private List<int> First(ReadOnlySpan<float> residual, SampleLayout layout)
    {
        List<int> first = [];
        int all = _model.Description.OutputSize;
        ForEachSlice(residual, layout.ScoredRows().Rows, (_, count, logits) =>
        {
            for (int row = 0; row < count; row++)
            {
                first.Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.AsSpan(row * all, all)));
            }
        });
        return first;
    }

    private void ForEachSlice(ReadOnlySpan<float> residual, int[] rows, Action<int, int, float[]> use)
    {
        int width = _model.Description.Width;
        int slice = Math.Max(1, LogitsAtOnce / _model.Description.OutputSize);
        using IDisposable mode = GradientMode.Disable();
        for (int start = 0; start < rows.Length; start += slice)
        {
            int count = Math.Min(slice, rows.Length - start);
            float[] gathered = new float[count * width];
            for (int row = 0; row < count; row++)
            {
                residual.Slice(rows[start + row] * width, width).CopyTo(gathered.AsSpan(row * width));
            }

            using TensorScope scope = new();
            use(start, count, _model.Unembed(Tensor.FromValues(gathered, count, width)).ToArray());
        }
    }
}
