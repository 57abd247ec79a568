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

    // Combinations of targets on which a penalty is chosen; of a head's, in a layer of many.
    private const int MostCombinations = 64;
    private const int LeastCombinations = 4;
    private const ulong CombinationSeed = 1;
    private readonly ComponentContributions _contributions;
    private readonly int[] _sampleFolds;
    private readonly int[] _rowFolds;
    private readonly int[] _foldSizes;
    private readonly RidgeShares _shares;

    private TiedRegression(
        ComponentContributions contributions, DiscoveryTask task, RidgeShares shares, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        _contributions = contributions;
        _shares = shares;
        SampleLayout layout = contributions.Layout;
        _sampleFolds = HeldOut(layout.FoldStart);
        _rowFolds = [.. _sampleFolds.Select(sample => sample * layout.Slots)];
        _foldSizes = [.. Enumerable.Range(0, SampleLayout.Folds).Select(fold => layout.FoldStart[fold + 1] - layout.FoldStart[fold])];
        ComponentGraph graph = contributions.Graph;
        Maps = new TiedMap[graph.Nodes.Count];
        Scales = new ReaderScale[graph.Nodes.Count];
        using ResidualSums sums = new(contributions);
        using NativeBuffer<float> read = new((nint)layout.Rows * contributions.Width);
        Means = new (float[] Residual, float[] Read)[graph.Nodes.Count];
        for (int node = 1; node < graph.Nodes.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] readers = [.. Enumerable.Range(node, graph.Nodes.Count - node).TakeWhile(other => graph.Nodes[other].Place == graph.Nodes[node].Place)];
            float[] means = new float[contributions.HiddenSamples > 0 ? layout.Slots * contributions.Width : 0];
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
                if (contributions.HiddenSamples == 0)
                {
                    Maps[mlp] = FitMlp(mlp, read.Span);
                    continue;
                }

                Maps[mlp] = HiddenUnitRegression.Fit(contributions, mlp, read.Span, means);
                Means[mlp] = (layout.Means(sums.Before(mlp), contributions.Width), means);
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

    /// <summary>
    /// The mean at every slot (slots x width) of the residual stream in front of a reader and of what the norm makes of it, by node; only of MLPs that are read by their hidden units.
    /// </summary>
    public (float[] Residual, float[] Read)[] Means { get; }

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
    /// <param name="withHiddenUnits">Whether MLPs are to be read by their hidden units (<see cref="HiddenUnitRegression"/>); gated ones, and those that a norm follows, are fitted by a line all the same.</param>
    /// <param name="progress">Told of texts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="InputException">The task does not fit the model, or has too few pairs.</exception>
    public static ComponentContributions Collect(
        TransformerModel model, DiscoveryTask task, DiscoveryOptions options, bool withHiddenUnits, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        task.RequireFits(model);
        SampleLayout layout = new(task);
        int hiddenSamples = withHiddenUnits && !model.Description.Mlp.Gated && !model.Description.NormalizesSublayerOutputs ? HiddenUnitRegression.SamplesNeeded(layout, model.Description.Width) : 0;
        return ContributionCollector.Collect(model, layout, IsPooled(layout, model.Description.Width), hiddenSamples, options.MemoryBytes, progress, cancellation);
    }

    /// <summary>Fits all readers.</summary>
    /// <param name="contributions">The contributions; with patterns where <see cref="IsPooled"/>. MLPs are read by their hidden units where these were recorded.</param>
    /// <param name="task">The task, for its answers.</param>
    /// <param name="shares">Among which penalties each reader chooses.</param>
    /// <param name="progress">Told of components done.</param>
    /// <param name="cancellation">Stops between places.</param>
    public static TiedRegression Fit(
        ComponentContributions contributions, DiscoveryTask task, RidgeShares shares, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new(contributions, task, shares, progress, cancellation);

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
            FitPooledHeads(heads, read);
            return;
        }

        SampleLayout layout = _contributions.Layout;
        int slots = layout.Slots;
        int columns = slots * _contributions.Width;
        bool causal = _contributions.Description.Attention.Causal;
        using FoldedGram gram = new(read, columns, _sampleFolds);
        HeadProducts products = new(_contributions, heads, read, _sampleFolds);
        FoldedTarget atMiddle = products.AtSlot(slots / 2, causal ? ((slots / 2) + 1) * _contributions.Width : columns, [.. heads.Select(Metric)]);
        (double Share, double Explained)[] chosen = RidgeCrossValidation.Choose(gram, atMiddle, _foldSizes, _shares);
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

    // What a pooled head writes is its values, mixed by its pattern: one regression of a layer's values on what the layer reads serves all its heads.
    private void FitPooledHeads(int[] heads, ReadOnlySpan<float> read)
    {
        SampleLayout layout = _contributions.Layout;
        AttentionDescription attention = _contributions.Description.Attention;
        int width = _contributions.Width;
        int inner = attention.HeadWidth;
        int targets = _contributions.ValueWidth;
        int[] keyHeads = [.. heads.Select(head => _contributions.Graph.Nodes[head].Head!.Value / (attention.Heads / attention.KeyValueHeads))];
        float[] values = _contributions.Values(_contributions.Graph.Nodes[heads[0]].Layer!.Value).ToArray();
        layout.Centre(values, targets);
        int each = Math.Min(width, Math.Max(LeastCombinations, MostCombinations / heads.Length));
        float[] combinations = new float[targets * heads.Length * each];
        for (int h = 0; h < heads.Length; h++)
        {
            // Errors count as they come into the residual stream.
            float[] seen = each == width ? Identity(width) : Combinations(width, each);
            MatrixProduct.Gemm(
                false, false, inner, each, width, 1f, _contributions.Basis(heads[h]), width, seen, each, 0f,
                combinations.AsSpan((keyHeads[h] * inner * heads.Length * each) + (h * each)), heads.Length * each);
        }

        (double[] coefficients, double share, double explained) = Fit(read, width, values, targets, _rowFolds, combinations);
        for (int h = 0; h < heads.Length; h++)
        {
            double[] own = new double[width * inner];
            for (int row = 0; row < width; row++)
            {
                coefficients.AsSpan((row * targets) + (keyHeads[h] * inner), inner).CopyTo(own.AsSpan(row * inner));
            }

            Maps[heads[h]] = new PooledHeadMap(_contributions, heads[h], own, share, explained);
        }
    }

    private PositionMap FitMlp(int mlp, ReadOnlySpan<float> read)
    {
        using SourceRows written = new(_contributions, mlp, null);
        (double[] coefficients, double share, double explained) = Fit(read, _contributions.Width, written.Values, _contributions.Width, _rowFolds);
        return new PositionMap(mlp, coefficients, share, explained);
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

        (double[] coefficients, double share, double explained) = Fit(gathered, width, logits, Outputs.Classes.Length, folds);
        double squares = 0;
        foreach (float value in logits)
        {
            squares += value * (double)value;
        }

        return (new PositionMap(node, coefficients, share, explained), squares / layout.Samples);
    }

    // The penalty is chosen on combinations of the targets where there are some (targets x any number), by default random ones where there are very many targets: their mean
    // squares are those of all, but for little, and each costs a solution for every penalty that is tried.
    private (double[] Coefficients, double Share, double Explained) Fit(
        ReadOnlySpan<float> x, int columns, ReadOnlySpan<float> y, int targets, int[] folds, float[]? combinations = null)
    {
        using FoldedGram gram = new(x, columns, folds);
        combinations ??= targets > MostCombinations ? Combinations(targets, MostCombinations) : null;
        if (combinations is null)
        {
            FoldedTarget all = new(x, columns, columns, y, targets, targets, folds, []);
            return Solve(gram, RidgeCrossValidation.Choose(gram, all, _foldSizes, _shares)[0], all.CrossWithout(-1), targets);
        }

        int few = combinations.Length / targets;
        using NativeBuffer<float> combined = new((nint)folds[^1] * few, zeroed: false);
        MatrixProduct.Gemm(false, false, folds[^1], few, targets, 1f, y, targets, combinations, few, 0f, combined.Span, few);
        FoldedTarget target = new(x, columns, columns, combined.Span, few, few, folds, []);
        double[] cross = new double[columns * targets];
        FoldedTarget.AddProducts(x, columns, columns, y, targets, targets, 0, folds[^1], cross);
        return Solve(gram, RidgeCrossValidation.Choose(gram, target, _foldSizes, _shares)[0], cross, targets);
    }

    private static (double[] Coefficients, double Share, double Explained) Solve(FoldedGram gram, (double Share, double Explained) chosen, double[] cross, int targets)
    {
        Ridge.Solve(gram, cross, targets, chosen.Share);
        return (cross, chosen.Share, chosen.Explained);
    }

    // Normal numbers of variance 1 / count, so that the combinations' squares are on average those of the vectors.
    private static float[] Combinations(int targets, int count)
    {
        RandomSource random = new(CombinationSeed);
        return [.. Enumerable.Range(0, targets * count).Select(_ => (float)(random.NextNormal() / Math.Sqrt(count)))];
    }

    private static float[] Identity(int size) => [.. Enumerable.Range(0, size * size).Select(i => i % (size + 1) == 0 ? 1f : 0f)];

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
