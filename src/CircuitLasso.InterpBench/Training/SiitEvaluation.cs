using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.InterpBench;

/// <summary>Measures <see cref="SiitScores"/> on pairs of inputs: one run of the bases, then one per node with that node taken from the sources, and one with all outside nodes.</summary>
internal static class SiitEvaluation
{
    private const int RowsPerRun = 512;

    public static SiitScores Measure(TransformerModel model, SiitScheme scheme, SiitPairs pairs, CancellationToken cancellation)
    {
        using IDisposable noGradients = GradientMode.Disable();
        Count plain = default;
        Count all = default;
        Dictionary<string, Count> interchange = scheme.CircuitNodes.ToDictionary(name => name, _ => default(Count), StringComparer.Ordinal);
        Dictionary<string, Count> strict = scheme.OutsideNodes.ToDictionary(scheme.Swap.NameOf, _ => default(Count), StringComparer.Ordinal);
        for (int start = 0; start < pairs.Count; start += RowsPerRun)
        {
            using TensorScope scope = new();
            SiitPairs part = pairs.Slice(start, Math.Min(RowsPerRun, pairs.Count - start));
            scheme.Swap.RecordSource(model, part.SourceBatch());
            float[] outputs = scheme.Outputs(part, _ => null);
            plain += Run(model, scheme, part, [], outputs);
            all += Run(model, scheme, part, scheme.OutsideNodes, outputs);
            foreach (string name in scheme.CircuitNodes)
            {
                cancellation.ThrowIfCancellationRequested();
                interchange[name] += Run(model, scheme, part, [scheme.Swap.IndexOf(name)], scheme.Outputs(part, _ => name));
            }

            foreach (int node in scheme.OutsideNodes)
            {
                cancellation.ThrowIfCancellationRequested();
                strict[scheme.Swap.NameOf(node)] += Run(model, scheme, part, [node], outputs);
            }
        }

        return new SiitScores(plain.Share, Shares(interchange), Shares(strict), all.Share);
    }

    private static Count Run(TransformerModel model, SiitScheme scheme, SiitPairs part, IReadOnlyList<int> nodes, float[] outputs)
    {
        using TensorScope scope = new();
        bool[] swapped = new bool[part.Count * scheme.Swap.Nodes];
        foreach (int node in nodes)
        {
            for (int row = 0; row < part.Count; row++)
            {
                swapped[(row * scheme.Swap.Nodes) + node] = true;
            }
        }

        Tensor logits = model.Forward(part.BaseBatch(1), scheme.Swap.Hooks(swapped, 1), scheme.LogitPositions);
        (long right, long scored) = scheme.Count(logits, outputs);
        return new Count(right, scored);
    }

    private static SortedDictionary<string, double> Shares(Dictionary<string, Count> counts) =>
        new(counts.ToDictionary(pair => pair.Key, pair => pair.Value.Share), StringComparer.Ordinal);

    private readonly record struct Count(long Right, long Scored)
    {
        public double Share => Scored == 0 ? 1 : (double)Right / Scored;

        public static Count operator +(Count a, Count b) => new(a.Right + b.Right, a.Scored + b.Scored);
    }
}
