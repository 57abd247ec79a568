using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// Fits every reader of a model by ridge regression tied to the residual stream: what a component writes, on what it reads (the sum of all earlier contributions, as its
/// norm gives it), centred slot by slot. MLPs and logits read their own position; a head reads every slot, or in longer texts the sum pooled by its pattern.
/// </summary>
internal sealed class TiedRegression
{
    // A design of more columns is pooled: its factorisation would cost more than what it tells.
    private const int MostDesignColumns = 2048;
    private const int MostSlots = 32;
    private readonly ComponentContributions _contributions;
    private readonly int[] _sampleFolds;
    private readonly int[] _rowFolds;
    private readonly int[] _foldSizes;
    private readonly RidgeShares _shares;
    private readonly RandomSource? _random;

    private TiedRegression(
        ComponentContributions contributions, DiscoveryTask task, RidgeShares shares, ulong? networkSeed, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        _contributions = contributions;
        _shares = shares;
        _random = networkSeed is { } seed ? new RandomSource(seed) : null;
        SampleLayout layout = contributions.Layout;
        _sampleFolds = HeldOut(layout.FoldStart);
        _rowFolds = [.. _sampleFolds.Select(sample => sample * layout.Slots)];
        _foldSizes = [.. Enumerable.Range(0, SampleLayout.Folds).Select(fold => layout.FoldStart[fold + 1] - layout.FoldStart[fold])];
        ComponentGraph graph = contributions.Graph;
        Maps = new TiedMap[graph.Nodes.Count];
        Scales = new ReaderScale[graph.Nodes.Count];
        using ResidualSums sums = new(contributions);
        using NativeBuffer<float> read = new((nint)layout.Rows * contributions.Width);
        float[] means = new float[networkSeed is null ? 0 : layout.Slots * contributions.Width];
        for (int node = 1; node < graph.Nodes.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] readers = [.. Enumerable.Range(node, graph.Nodes.Count - node).TakeWhile(other => graph.Nodes[other].Place == graph.Nodes[node].Place)];
            ReaderScale scale = sums.Read(node, read.Span, means);
            foreach (int reader in readers)
            {
                Scales[reader] = scale;
            }

            int[] heads = [.. readers.Where(reader => graph.Nodes[reader].Kind == CircuitNodeKind.AttentionHead)];
            if (heads.Length > 0)
            {
                FitHeads(heads, read.Span);
            }

            foreach (int mlp in readers.Where(reader => graph.Nodes[reader].Kind == CircuitNodeKind.Mlp))
            {
                Maps[mlp] = FitMlp(mlp, read.Span, means, cancellation);
            }

            if (graph.Nodes[node].Kind == CircuitNodeKind.Logits)
            {
                Outputs = new OutputRows(contributions, task, sums.Before(node));
                (Maps[node], OutputVariation) = FitOutputs(node, read.Span, sums.Before(node));
            }

            node = readers[^1] + 1;
            progress?.Report(new WorkProgress("regressing", node, graph.Nodes.Count, "components"));
        }
    }

    /// <summary>The fitted readers by node; none for the input.</summary>
    public TiedMap[] Maps { get; }

    /// <summary>The norm in front of every reader, by node.</summary>
    public ReaderScale[] Scales { get; }

    /// <summary>What is explained.</summary>
    public OutputRows Outputs { get; private set; } = null!;

    /// <summary>The mean over samples of the squared outputs at scored positions, centred over classes and slot by slot.</summary>
    public double OutputVariation { get; private set; }

    /// <summary>Whether heads of these texts are pooled by their patterns, which must then be collected.</summary>
    public static bool IsPooled(SampleLayout layout, int width) => !layout.IsEven || layout.Slots > MostSlots || layout.Slots * (long)width > MostDesignColumns;

    /// <summary>Runs the model over the texts of a task and keeps what the fits need, the patterns of pooled heads too.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task.</param>
    /// <param name="options">How much memory a batch may take.</param>
    /// <param name="progress">Told of texts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="InputException">The task does not fit the model, or has too few pairs.</exception>
    public static ComponentContributions Collect(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        SampleLayout layout = new(task);
        return ContributionCollector.Collect(model, layout, IsPooled(layout, model.Description.Width), options.MemoryBytes, progress, cancellation);
    }

    /// <summary>Fits all readers.</summary>
    /// <param name="contributions">The contributions; with patterns where <see cref="IsPooled"/>.</param>
    /// <param name="task">The task, for its answers.</param>
    /// <param name="shares">Among which penalties each reader chooses.</param>
    /// <param name="networkSeed">Seed of the networks that stand in for MLPs (<see cref="NetworkMap"/>); null keeps every reader linear.</param>
    /// <param name="progress">Told of components done.</param>
    /// <param name="cancellation">Stops between places.</param>
    public static TiedRegression Fit(
        ComponentContributions contributions, DiscoveryTask task, RidgeShares shares, ulong? networkSeed = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        new(contributions, task, shares, networkSeed, progress, cancellation);

    /// <summary>What the methods that build on these fits say of them, and what they add of their own.</summary>
    /// <param name="own">What they add.</param>
    public Dictionary<string, double> Diagnostics(params ReadOnlySpan<KeyValuePair<string, double>> own)
    {
        TiedMap[] maps = Maps[1..];
        Dictionary<string, double> diagnostics = new()
        {
            ["samples"] = _contributions.Layout.Samples,
            ["pooled_heads"] = _contributions.HasPatterns ? 1 : 0,
            ["outputs"] = Outputs.Classes.Length,
            ["output_explained"] = maps[^1].Explained,
            ["mean_explained"] = maps.Average(map => map.Explained),
            ["smallest_explained"] = maps.Min(map => map.Explained),
        };
        foreach ((string name, double value) in own)
        {
            diagnostics.Add(name, value);
        }

        return diagnostics;
    }

    private void FitHeads(int[] heads, ReadOnlySpan<float> read)
    {
        if (_contributions.HasPatterns)
        {
            foreach (int head in heads)
            {
                Maps[head] = FitPooledHead(head, read);
            }

            return;
        }

        SampleLayout layout = _contributions.Layout;
        int slots = layout.Slots;
        int columns = slots * _contributions.Width;
        bool causal = _contributions.Description.Attention.Causal;
        using FoldedGram gram = new(read, columns, _sampleFolds);
        HeadProducts products = new(_contributions, heads, read, _sampleFolds);
        (double Share, double Explained)[] chosen = RidgeCrossValidation.Choose(gram, products.AtSlot(slots / 2, causal ? ((slots / 2) + 1) * _contributions.Width : columns, [.. heads.Select(Metric)]), _foldSizes, _shares);
        foreach (double share in chosen.Select(choice => choice.Share).Distinct())
        {
            int[] alike = [.. Enumerable.Range(0, heads.Length).Where(h => chosen[h].Share == share)];
            double[][] crosses = [.. alike.Select(products.OfHead)];
            Ridge.SolveSlots(gram, slots, causal, crosses, products.Targets, share);
            for (int i = 0; i < alike.Length; i++)
            {
                Maps[heads[alike[i]]] = new SlotMap(heads[alike[i]], crosses[i], share, chosen[alike[i]].Explained);
            }
        }
    }

    private PooledHeadMap FitPooledHead(int head, ReadOnlySpan<float> read)
    {
        int width = _contributions.Width;
        int targets = _contributions.CoordinateWidth(head);
        using NativeBuffer<float> mixed = new(read.Length, zeroed: false);
        PooledHeadMap.Mix(_contributions, head, read, width, mixed.Span);
        using SourceRows written = new(_contributions, head, null);
        (double[] coefficients, double share, double explained) = Fit(mixed.Span, width, written.Values, targets, _rowFolds, Metric(head));
        return new PooledHeadMap(_contributions, head, coefficients, share, explained);
    }

    private TiedMap FitMlp(int mlp, ReadOnlySpan<float> read, ReadOnlySpan<float> means, CancellationToken cancellation)
    {
        using SourceRows written = new(_contributions, mlp, null);
        (double[] coefficients, double share, double explained) = Fit(read, _contributions.Width, written.Values, _contributions.Width, _rowFolds, []);
        PositionMap linear = new(mlp, coefficients, share, explained);
        return _random is null ? linear : NetworkRegression.BetterOf(linear, _contributions.Layout, read, means, written.Values, _random, cancellation);
    }

    private (PositionMap Map, double Variation) FitOutputs(int node, ReadOnlySpan<float> read, ReadOnlySpan<float> residual)
    {
        SampleLayout layout = _contributions.Layout;
        int width = _contributions.Width;
        (int[] rows, int[] folds) = layout.ScoredRows();
        folds = HeldOut(folds);
        float[] logits = Outputs.Logits(residual, rows);
        Outputs.Centre(layout, rows, logits);
        float[] gathered = new float[checked(rows.Length * width)];
        for (int row = 0; row < rows.Length; row++)
        {
            read.Slice(rows[row] * width, width).CopyTo(gathered.AsSpan(row * width));
        }

        (double[] coefficients, double share, double explained) = Fit(gathered, width, logits, Outputs.Classes.Length, folds, []);
        double squares = 0;
        foreach (float value in logits)
        {
            squares += value * (double)value;
        }

        return (new PositionMap(node, coefficients, share, explained), squares / layout.Samples);
    }

    private (double[] Coefficients, double Share, double Explained) Fit(ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> y, int targets, int[] folds, double[] metric)
    {
        using FoldedGram gram = new(x, columns, folds);
        FoldedTarget target = new(x, columns, columns, y, targets, targets, folds, metric);
        (double share, double explained) = RidgeCrossValidation.Choose(gram, target, _foldSizes, _shares)[0];
        double[] coefficients = target.CrossWithout(-1);
        Ridge.Solve(gram, coefficients, targets, share);
        return (coefficients, share, explained);
    }

    // The folds that are held out, and all others as one.
    private int[] HeldOut(int[] foldStart) => [.. foldStart.Take(Math.Min(_shares.HeldOutFolds + 1, foldStart.Length - 1)), foldStart[^1]];

    // basis basis': squares of a head's coordinates as squares in the residual stream.
    private double[] Metric(int head)
    {
        int inner = _contributions.CoordinateWidth(head);
        double[] metric = new double[inner * inner];
        double[] basis = new double[inner * _contributions.Width];
        System.Numerics.Tensors.TensorPrimitives.ConvertTruncating(_contributions.Basis(head), basis);
        SymmetricProduct.RankKTransposed(inner, _contributions.Width, 1, basis, _contributions.Width, 0, metric, inner);
        return metric;
    }
}
