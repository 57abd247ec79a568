using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>One run of <see cref="FeatureCircuitLearner"/>.</summary>
internal sealed class FeatureCircuitLearning
{
    private const int StabilityFolds = 20;

    // Where so large a share of the columns is explained, nearly all columns of X'X are asked for.
    private const int ManyTargets = 16;
    private const double HalfSampleShare = 0.5;

    // Below it, certificates need sums over the rows themselves, because X'X is rounded: too slow for every feature there is.
    private const double EveryFeatureTolerance = 1e-4;
    private readonly ActivationStoreReader _store;
    private readonly FeatureCircuitOptions _options;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly FeatureSite[] _sites;
    private readonly int[]? _rows;
    private readonly RowGroups? _groups;
    private readonly FeatureGraph _graph;
    private readonly int? _promptRow;
    private readonly List<double> _gaps = [];
    private FeatureColumns? _last;
    private int _missed;
    private int _stabilityMissed;

    public FeatureCircuitLearning(ActivationStoreReader store, double[]? numbers, FeatureCircuitOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_store, _options, _progress, _cancellation) = (store, options, progress, cancellation);
        Check(options);
        _sites = FeatureSite.Of(store);
        RequireMemory();
        if (numbers is not null && Array.Exists(numbers, double.IsNaN))
        {
            _rows = [.. Enumerable.Range(0, numbers.Length).Where(row => !double.IsNaN(numbers[row]))];
        }

        if (_rows is { Length: 0 })
        {
            throw new InputException(store.Folder, "the target is defined for no row", "give texts of two tokens and more");
        }

        _groups = _rows is null ? StoreTexts.Groups(store) : StoreTexts.Groups(store)?.SelectRows(_rows);
        _promptRow = PromptRow();
        _graph = new FeatureGraph(options.MinimumRelevance, _promptRow);
    }

    private long RowCount => _rows?.Length ?? _store.RowCount;

    /// <summary>Explains a target.</summary>
    public FeatureCircuitResult Explain(LearningTarget target)
    {
        FeatureSite readout = _options.ReadoutSite is { } name ? Site(name) : _sites[^1];
        FeatureSite[] sources = _options.Sources == FeatureSources.All ? [.. _sites.Where(site => site.Place <= readout.Place)] : [readout];
        FeatureColumns columns = Read(sources);
        FeatureReadout fitted = FitTarget(target, columns);
        CircuitNode y = new(target.NodeName, target.Kind, readout.Place + 1) { Relevance = 1, Explained = fitted.Explained, Label = target.Name };
        _graph.AddTarget(y);
        _graph.Response = fitted.Response;
        _graph.Add(columns, y.Name, fitted.Entries, null);
        _gaps.Add(fitted.Fit.Certificate.RelativeGap);
        _missed += fitted.Fit.Certificate.Converged ? 0 : 1;
        Backwards(readout.Place, explain: fitted.Fit.IsPredictable);
        return Finish(y.Name, target.Name, fitted);
    }

    /// <summary>Explains a feature.</summary>
    public FeatureCircuitResult Explain(FeatureNodeName node)
    {
        FeatureSite site = Site(node.Site);
        if (node.Feature is not { } feature || feature >= site.Features)
        {
            throw new InputException(node.ToString(), "is not a feature of the store", string.Create(CultureInfo.InvariantCulture, $"name {site.Name}/0 to {site.Name}/{site.Features - 1}"));
        }

        FeatureColumns columns = Holding(site);
        int column = columns.Find(site)!.Value.FirstFeature + feature;
        if (!(columns.Variation(column) > 0))
        {
            throw new InputException(node.ToString(), "is the same in every row: there is nothing to explain", "choose a feature that fires on some of the texts");
        }

        _graph.Response = [columns.Combine([(column, 1)])];
        _graph.StartFrom(site, feature);
        Backwards(site.Place, explain: true);
        return Finish(node.ToString(), node.ToString(), null);
    }

    /// <summary>Explains every feature.</summary>
    public FeatureCircuitResult ExplainAll()
    {
        if (_options.PromptRow is not null || _options.ReadoutSite is not null)
        {
            throw new InputException("learn", "a row's own circuit and a readout site need a target", "explain a target, or leave them out");
        }

        foreach (FeatureSite site in _sites.Reverse().Where(site => SourcesOf(site).Length > 0))
        {
            FeatureColumns holder = Holding(site);
            int first = holder.Find(site)!.Value.FirstFeature;
            int[] varying = [.. Enumerable.Range(0, site.Features).Where(feature => holder.Variation(first + feature) > 0)];
            Regress(site, holder, varying, follow: false);
        }

        return _graph.Edges > 0
            ? Finish(null, "every feature", null)
            : throw new InputException(_store.Folder, "no feature goes with one of a site before: there is no edge", "give more rows, features of two sites of different places or more, or a smaller --lambda-ratio");
    }

    /// <summary>Bytes at the peak: the columns of a site and of its sources, and what X'X may take.</summary>
    public static long EstimateBytes(ActivationStoreReader store, FeatureSite[] sites, FeatureCircuitOptions options)
    {
        long[] sizes = [.. sites.Select(site => FeatureColumns.EstimateBytes(store, [site]))];
        long columns = options.Sources == FeatureSources.All ? 2 * sizes.Sum() : sizes.Zip(sizes.Skip(1), (a, b) => a + b).DefaultIfEmpty(sizes[0]).Max();
        long halves = options.StabilityPairs > 0 ? columns / 2 : 0, widest = sites.Max(site => site.Features + (long)(site.Error?.Width ?? 0));
        long products = Math.Max(1L << 24, 256 * widest);
        return columns + halves + products + Math.Min(options.GramBytes, 4 * widest * widest);
    }

    private static void Check(FeatureCircuitOptions options)
    {
        void Require(bool holds, string name, string problem, string remedy)
        {
            if (!holds)
            {
                throw new InputException(name, problem, remedy);
            }
        }

        Require(options.Lambda is null or > 0 && options.Lambda is null or < double.PositiveInfinity, "--lambda", "is not above zero: without a penalty nothing is sparse", "give a positive number");
        Require(options.LambdaRatio is null or (> 0 and <= 1), "--lambda-ratio", "is not above 0 and at most 1", "give a share of the largest lambda, such as 0.1");
        Require(options.Lambda is null || options.LambdaRatio is null, "--lambda-ratio", "stands beside --lambda", "give one of them");
        Require(options.PathCount >= 2, "--path", "is not at least two lambdas", "leave it out, or give more");
        Require(options.PathRatio is > 0 and < 1, "path ratio", "is not between 0 and 1", "give a share of the largest lambda, such as 0.001");
        Require(options.MinimumRelevance is >= 0 and <= 1, "--min-relevance", "is not from 0 to 1", "a relevance is a share, such as 0.001");
        Require(options.FeaturesPerSite >= 1, "--features", "is not at least one feature", "leave it out, or give more");
        Require(options.Folds >= 3, "folds", "are fewer than three", "use three folds or more");
        Require(options.Shuffles >= 1, "shuffles", "are fewer than one", "shuffle at least once");
        Require(options.StabilityPairs >= 0, "--stability", "is below zero", "give the number of pairs of half-samples; 50 are usual");
    }

    private void RequireMemory()
    {
        long needed = EstimateBytes(_store, _sites, _options), available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
        {
            throw new InputException(
                _store.Folder, string.Create(CultureInfo.InvariantCulture, $"its features need about {needed >> 20} MiB, and this machine has {available >> 20} MiB"), "collect fewer texts, pool positions, or take adjacent sites only");
        }
    }

    private int? PromptRow()
    {
        if (_options.PromptRow is not { } row)
        {
            return null;
        }

        if (row < 0 || row >= _store.RowCount)
        {
            throw new InputException("--prompt", string.Create(CultureInfo.InvariantCulture, $"the store has no row {row}"), string.Create(CultureInfo.InvariantCulture, $"give a row from 0 to {_store.RowCount - 1}"));
        }

        int at = _rows is null ? (int)row : Array.BinarySearch(_rows, (int)row);
        return at >= 0 ? at : throw new InputException("--prompt", string.Create(CultureInfo.InvariantCulture, $"the target is not defined for row {row}"), "choose another row");
    }

    private FeatureSite Site(string name) => Array.Find(_sites, site => site.Name == name)
        ?? throw new InputException(_store.Folder, $"has no features of a site {name}", "choose among " + string.Join(", ", _sites.Take(40).Select(site => site.Name)));

    private FeatureSite[] SourcesOf(FeatureSite site) => _options.Sources == FeatureSources.All
        ? [.. _sites.Where(source => source.Place < site.Place)]
        : [.. _sites.Where(source => source.Place == site.Place - 1)];

    // The columns read last are kept: a site's sources are the next to be explained.
    private FeatureColumns Read(FeatureSite[] sites) => _last = FeatureColumns.Read(_store, sites, _rows, _progress, _cancellation);

    private FeatureColumns Holding(FeatureSite site) => _last?.Find(site) is not null ? _last : Read([site]);

    private FeatureReadout FitTarget(LearningTarget target, FeatureColumns columns)
    {
        _progress?.Report(new WorkProgress("fitting the target", 0, 1, "targets"));
        FoldAssignment folds = _groups is null ? FoldAssignment.ForRows(RowCount, _options.Folds) : FoldAssignment.ForGroups(_groups, _options.Folds);
        SharedReadoutOptions options = new()
        {
            LambdaRatio = _options.LambdaRatio,
            PathLength = _options.PathCount,
            PathRatio = _options.PathRatio,
            Tolerance = _options.Tolerance,
            Standardize = _options.Standardize,
            Shuffles = _options.Shuffles,
            Seed = _options.Seed,
            ColumnBytes = _options.GramBytes,
        };
        double[]? numbers = target.Numbers is { } all && _rows is not null ? [.. _rows.Select(row => all[row])] : target.Numbers;
        using SharedDesign design = columns.CreateDesign(centred: numbers is not null);
        SharedReadout fit = numbers is null
            ? SharedReadout.FitClasses(design, target.Classes!, folds, options, _cancellation)
            : SharedReadout.FitNumbers(design, numbers, folds, options, _cancellation);
        CompressedColumns<double>? stability = null;
        if (_options.StabilityPairs > 0 && numbers is not null)
        {
            SparseColumns found = fit.Coefficients;
            SharedGramSolution solution = new(
                new CompressedColumns<double>(found.RowCount, found.ColumnStarts.ToArray(), found.RowIndices.ToArray(), found.Values.ToArray()), fit.Intercepts, [fit.Certificate], default, default);
            float[] values = [.. numbers.Select(number => (float)number)];
            CompressedColumns<float> y = new(values.Length, [0, values.Length], [.. Enumerable.Range(0, values.Length)], values);
            stability = Stability(design, y, solution);
        }

        _progress?.Report(new WorkProgress("fitting the target", 1, 1, "targets"));
        return FeatureReadout.Of(fit, columns, numbers, hasPath: _options.LambdaRatio is null, stability);
    }

    // Later sites first, so that the map of a node to the target is whole when its site is reached.
    private void Backwards(int lastPlace, bool explain)
    {
        foreach (FeatureSite site in _sites.Reverse().Where(site => site.Place <= lastPlace))
        {
            if (!_graph.Reaches(site))
            {
                continue;
            }

            FeatureColumns holder = Holding(site);
            int[] kept = Keep(site, holder);
            if (kept.Length > 0 && explain && SourcesOf(site).Length > 0)
            {
                Regress(site, holder, kept, follow: true);
            }
        }
    }

    private int[] Keep(FeatureSite site, FeatureColumns holder)
    {
        FeatureBlock block = holder.Find(site)!.Value;
        (int Feature, double Relevance)[] features =
            [.. _graph.MapsFrom(site).Select(map => (map.Key, _graph.Relevance(holder, [(block.FirstFeature + map.Key, map.Value)])))];
        HashSet<int> kept = [.. features.Where(pair => pair.Relevance >= _options.MinimumRelevance).OrderByDescending(pair => pair.Relevance).Take(_options.FeaturesPerSite).Select(pair => pair.Feature)];
        foreach ((int feature, double relevance) in features)
        {
            _graph.AddNode(site, feature, relevance, null, kept.Contains(feature));
        }

        if (_graph.ErrorMap(site) is { } map)
        {
            int width = block.End - block.FirstError, outputs = map.Length / width;
            double relevance = _graph.Relevance(holder, Enumerable.Range(0, width).Select(i => (block.FirstError + i, map[(i * outputs)..((i + 1) * outputs)])));
            _graph.AddNode(site, null, relevance, null, relevance >= _options.MinimumRelevance);
        }

        SetReach(site, holder, block);
        return [.. kept.Order()];
    }

    private void SetReach(FeatureSite site, FeatureColumns holder, FeatureBlock block)
    {
        if (_promptRow is not { } row)
        {
            return;
        }

        foreach ((int feature, double[] map) in _graph.MapsFrom(site))
        {
            _graph.SetReach(site, feature, Math.Abs(holder.Value(block.FirstFeature + feature, row)) * Math.Sqrt(map.Sum(value => value * value)));
        }

        if (_graph.ErrorMap(site) is { } errors)
        {
            int width = block.End - block.FirstError, outputs = errors.Length / width;
            double[] given = [.. Enumerable.Range(0, outputs).Select(k => Enumerable.Range(0, width).Sum(i => errors[(i * outputs) + k] * holder.Value(block.FirstError + i, row)))];
            _graph.SetReach(site, null, Math.Sqrt(given.Sum(value => value * value)));
        }
    }

    private void Regress(FeatureSite site, FeatureColumns holder, int[] features, bool follow)
    {
        int first = holder.Find(site)!.Value.FirstFeature;
        CompressedColumns<float> targets = holder.Select([.. features.Select(feature => first + feature)]);
        Dictionary<int, double[]> maps = follow ? features.ToDictionary(feature => feature, feature => _graph.MapsFrom(site)[feature]) : [];
        FeatureColumns source = Read(SourcesOf(site));
        using SharedDesign design = source.CreateDesign(centred: true);
        using SharedGram? gram = features.Length > design.Columns / ManyTargets ? design.ComputeGram(_options.GramBytes, _progress, _cancellation) : null;
        bool hasPath = _options.Lambda is null && _options.LambdaRatio is null;
        SharedGramOptions options = new()
        {
            Lambda = _options.Lambda,
            LambdaRatio = _options.Lambda is null ? _options.LambdaRatio ?? _options.PathRatio : null,
            PathLength = hasPath ? _options.PathCount : 1,
            PenaltyFactors = _options.Standardize ? design.Deviations(aboutMean: true) : [],
            Tolerance = follow ? _options.Tolerance : Math.Max(_options.Tolerance, EveryFeatureTolerance),
            ColumnBytes = _options.GramBytes,
        };
        SharedPathSolution found = SharedPathSelection.Run(design, gram, targets, options, gamma: 1, _progress, _cancellation);
        _missed += found.Solution.Missed;
        CompressedColumns<double>? stability = _options.StabilityPairs > 0 ? Stability(design, targets, found.Solution, options) : null;
        for (int t = 0; t < features.Length; t++)
        {
            TargetCertificate certificate = found.Solution.Certificates[t];
            _gaps.Add(certificate.RelativeGap);
            string name = new FeatureNodeName(site.Name, features[t]).ToString();
            List<FeatureEntry> entries = Entries(found, t, hasPath, stability);
            double explained = certificate.NullLoss > 0 ? Math.Max(0, 1 - (certificate.Loss / certificate.NullLoss)) : 0;
            if (follow)
            {
                _graph.SetExplained(name, explained);
            }
            else if (entries.Count > 0)
            {
                _graph.AddNode(site, features[t], 0, explained, isKept: true);
            }

            _graph.Add(source, name, entries, maps.GetValueOrDefault(features[t]), follow);
        }
    }

    private static List<FeatureEntry> Entries(SharedPathSolution found, int target, bool hasPath, CompressedColumns<double>? stability)
    {
        ReadOnlySpan<int> columns = found.Solution.Coefficients.RowsOf(target);
        ReadOnlySpan<double> values = found.Solution.Coefficients.ValuesOf(target), enters = found.EntersAt.ValuesOf(target);
        List<FeatureEntry> entries = [];
        for (int i = 0; i < columns.Length; i++)
        {
            entries.Add(new FeatureEntry(columns[i], [values[i]], hasPath ? enters[i] : null, stability is null ? null : FeatureReadout.Share(stability, columns[i], target)));
        }

        return entries;
    }

    private CompressedColumns<double> Stability(SharedDesign design, CompressedColumns<float> targets, SharedGramSolution solution, SharedGramOptions? options = null)
    {
        options ??= new SharedGramOptions { LambdaRatio = 1, Tolerance = _options.Tolerance, PenaltyFactors = _options.Standardize ? design.Deviations(aboutMean: true) : [] };
        FoldAssignment folds = _groups is null ? FoldAssignment.ForRows(RowCount, StabilityFolds) : FoldAssignment.ForGroups(_groups, StabilityFolds);

        // Few targets ask for few columns of X'X: less room than the whole matrix would take keeps it from being summed.
        long room = targets.ColumnCount > design.Columns / ManyTargets ? _options.GramBytes : Math.Min(_options.GramBytes, (long)(HalfSampleShare * design.EstimateGramBytes()));
        (CompressedColumns<double> frequencies, int missed) = SharedStability.Run(
            design, targets, solution, options, folds, 2 * _options.StabilityPairs, _options.Seed, (8 * design.Entries) + room, _progress, _cancellation);
        _stabilityMissed += missed;
        return frequencies;
    }

    private FeatureCircuitResult Finish(string? node, string explained, FeatureReadout? fitted)
    {
        bool predictable = fitted?.Fit.IsPredictable ?? true;
        Circuit circuit = _graph.ToCircuit(node).With(metrics: Metrics(fitted), provenance: Provenance(explained));
        circuit = predictable ? circuit : circuit.Select(_ => false);
        double worst = _gaps.DefaultIfEmpty(0).Max();
        return new FeatureCircuitResult(circuit, _promptRow is null ? null : _graph.ToPrompt(circuit), predictable, _missed + _stabilityMissed, worst, _graph.ErrorCoefficients);
    }

    private OrderedDictionary<string, double> Metrics(FeatureReadout? fitted)
    {
        double[] sorted = [.. _gaps.Order()];
        OrderedDictionary<string, double> metrics = new()
        {
            ["rows"] = RowCount,
            ["sites"] = _sites.Length,
            ["nonzeros"] = _graph.NonZeros,
            ["regressions"] = sorted.Length,
            ["missed"] = _missed,
            ["gap_max"] = sorted.LastOrDefault(),
            ["gap_median"] = sorted.Length > 0 ? sorted[sorted.Length / 2] : 0,
        };
        if (_options.Lambda is { } lambda)
        {
            metrics["lambda"] = lambda;
        }

        foreach ((string name, double value) in fitted?.Metrics() ?? [])
        {
            metrics[name] = value;
        }

        if (_options.StabilityPairs > 0)
        {
            metrics["stability_missed"] = _stabilityMissed;
        }

        return metrics;
    }

    private SortedDictionary<string, string> Provenance(string explained)
    {
        string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
        SortedDictionary<string, string> provenance = StoreLearningData.ProvenanceOf(_store);
        provenance["method"] = "lasso on features";
        provenance["objective"] = "||Z_j - Z_i A||_F^2 + lambda ||A||_1, sums over rows";
        provenance["target"] = explained;
        provenance["sources"] = _options.Sources == FeatureSources.All ? "all" : "adjacent";
        provenance["tolerance"] = Text(_options.Tolerance);
        provenance["lambda_rule"] = _options.Lambda is { } lambda ? "given: " + Text(lambda) : _options.LambdaRatio is { } ratio ? "share " + Text(ratio) + " of each target's largest"
            : $"extended Bayesian criterion, gamma 1, {_options.PathCount} lambdas down to {Text(_options.PathRatio)} of each target's largest";
        provenance["standardize"] = _options.Standardize ? "yes" : "no";
        provenance["minimum_relevance"] = Text(_options.MinimumRelevance);
        provenance["features_per_site"] = _options.FeaturesPerSite.ToString(CultureInfo.InvariantCulture);
        provenance["shuffles"] = _options.Shuffles.ToString(CultureInfo.InvariantCulture);
        provenance["seed"] = _options.Seed.ToString(CultureInfo.InvariantCulture);
        provenance["regression_backend"] = MatrixBackend.Default.Name;
        foreach ((string site, StoreSource sae) in _store.Manifest.Provenance.Saes)
        {
            provenance["sae_sha256." + site] = sae.Sha256;
        }

        if (_options.StabilityPairs > 0)
        {
            provenance["stability"] = string.Create(CultureInfo.InvariantCulture, $"{_options.StabilityPairs} complementary pairs of half-samples, each of {StabilityFolds / 2} of {StabilityFolds} folds");
        }

        return provenance;
    }
}
