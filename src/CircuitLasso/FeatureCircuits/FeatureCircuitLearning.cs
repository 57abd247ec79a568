using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>One run of <see cref="FeatureCircuitLearner"/>.</summary>
internal sealed partial class FeatureCircuitLearning
{
    private const int StabilityFolds = 20;

    private readonly ActivationStoreReader _store;
    private readonly FeatureCircuitOptions _options;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly FeatureSite[] _stored;
    private readonly FeatureSite[] _sites;
    private readonly TextPositions? _texts;
    private readonly int[]? _rows;
    private readonly RowGroups? _groups;
    private readonly FeatureGraph _graph;
    private readonly int? _promptRow;
    private readonly List<double> _gaps = [];
    private FeatureColumns? _explained;
    private FeatureColumns? _sources;
    private int _missed;
    private int _stabilityMissed;

    public FeatureCircuitLearning(ActivationStoreReader store, double[]? numbers, FeatureCircuitOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_store, _options, _progress, _cancellation) = (store, options, progress, cancellation);
        Check(options);
        _stored = FeatureSite.Of(store);
        _texts = options.KeepPositions ? TextPositions.Of(store) : null;
        _sites = _texts is null ? _stored : FeatureSite.AtPositions(_stored, _texts.Positions);
        RequireMemory(numbers is not null);
        if (numbers is not null && Array.Exists(numbers, double.IsNaN))
        {
            _rows = [.. Enumerable.Range(0, numbers.Length).Where(row => !double.IsNaN(numbers[row]))];
        }

        if (_rows is { Length: 0 })
        {
            throw new InputException(store.Folder, "the target is defined for no row", "give texts of two tokens and more");
        }

        _groups = _texts is not null ? null : _rows is null ? StoreTexts.Groups(store) : StoreTexts.Groups(store)?.SelectRows(_rows);
        _promptRow = PromptRow();
        _graph = new FeatureGraph(options.MinimumRelevance, _promptRow);
    }

    private long RowCount => _rows?.Length ?? AllRows;

    private long AllRows => _texts?.Count ?? _store.RowCount;

    /// <summary>Explains a target.</summary>
    public FeatureCircuitResult Explain(LearningTarget target)
    {
        FeatureSite readout = _options.ReadoutSite is { } name ? Site(name) : _stored[^1];
        FeatureColumns columns = Read(_options.Sources == FeatureSources.All ? [.. _stored.Where(site => site.Place <= readout.Place)] : [readout]);
        bool isDetermined = target.IsAtEnd && HoldsAllThatTheModelReads(_store, _texts, readout);
        columns = isDetermined && _texts is not null ? columns.At(_texts.Positions - 1) : columns;

        FeatureReadout fitted = FitTarget(target, columns, isDetermined);
        CircuitNode y = new(target.NodeName, target.Kind, readout.Place + 1) { Relevance = 1, Explained = fitted.Explained, Label = target.Name };
        _graph.AddTarget(y);
        _graph.Response = fitted.Response;
        _graph.Add(columns, y.Name, fitted.Entries, null);
        _gaps.Add(fitted.Fit.Certificate.RelativeGap);
        _missed += fitted.Fit.Certificate.Converged ? 0 : 1;
        Backwards(readout.Place, explain: fitted.Fit.IsPredictable);
        return Finish(y.Name, target.Name, fitted, ReadoutOf(target, columns, fitted.Fit));
    }

    /// <summary>Explains a feature.</summary>
    public FeatureCircuitResult Explain(FeatureNodeName node)
    {
        FeatureSite site = Site(node.Site);
        if (node.Feature is not { } feature || feature >= site.Features)
        {
            throw new InputException(node.ToString(), "is not a feature of the store", string.Create(CultureInfo.InvariantCulture, $"name {site.Name}/0 to {site.Name}/{site.Features - 1}"));
        }

        site = Array.Find(_sites, other => other.Name == site.Name && other.Position == node.Position)
            ?? throw new InputException(
                node.ToString(),
                node.Position is null ? "names no position, and positions are kept apart" : _texts is null ? "names a position, and positions are not kept apart" : "is at a position that no text has",
                _texts is null ? "name the feature alone, or add --positions" : string.Create(CultureInfo.InvariantCulture, $"write {node.Site}/{feature}@0 to {node.Site}/{feature}@{_texts.Positions - 1}"));

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

    // What it says after the last token it reads there alone, of the last residual stream: before the last layer attention still brings something, and sums over positions mix in the others.
    private static bool HoldsAllThatTheModelReads(ActivationStoreReader store, TextPositions? texts, FeatureSite readout) =>
        (texts is null ? store.Manifest.Pooling == Pooling.Last : texts.AreEven)
        && int.TryParse(store.Manifest.Provenance.Settings.GetValueOrDefault("layers"), NumberStyles.None, CultureInfo.InvariantCulture, out int layers)
        && (readout.Name == ActivationCollector.FinalResidualSite || readout.Name == new Site(SiteKind.ResidualAfter, layers - 1).ToString());

    private FeatureSite Site(string name) => Array.Find(_stored, site => site.Name == name)
        ?? throw new InputException(_store.Folder, $"has no features of a site {name}", "choose among " + string.Join(", ", _stored.Take(40).Select(site => site.Name)));

    private FeatureSite[] SourcesOf(FeatureSite site) => _options.Sources == FeatureSources.All
        ? [.. _stored.Where(source => source.Place < site.ReadPlace)]
        : [.. _stored.Where(source => source.Place == site.ReadPlace - 1)];

    // What was read last is kept, and what was explained by it: a site's sources are the next to be explained, and its positions share both.
    private FeatureColumns Read(FeatureSite[] sites)
    {
        if (_sources is null || !_sources.Covers(sites))
        {
            (_explained, _sources) = (_sources, FeatureColumns.Read(_store, sites, _texts, _rows, _progress, _cancellation));
        }

        return _sources;
    }

    private FeatureColumns Holding(FeatureSite site) =>
        _sources?.Find(site) is not null ? _sources : _explained?.Find(site) is not null ? _explained : Read([_stored.First(stored => stored.Name == site.Name)]);

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
}
