using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <content>The circuit that is handed out, with what was measured and where it comes from.</content>
internal sealed partial class FeatureCircuitLearning
{
    private FeatureCircuitResult Finish(string? node, string explained, FeatureReadout? fitted, CircuitReadout? readout = null)
    {
        bool predictable = fitted?.Fit.IsPredictable ?? true;
        Circuit circuit = _graph.ToCircuit(node).With(metrics: Metrics(fitted), provenance: Provenance(explained, fitted?.Rule), readout: predictable ? readout : null);
        circuit = predictable ? circuit : circuit.Select(_ => false);
        double worst = _gaps.DefaultIfEmpty(0).Max();
        return new FeatureCircuitResult(circuit, _promptRow is null ? null : _graph.ToPrompt(circuit), predictable, _missed + _stabilityMissed, worst);
    }

    private OrderedDictionary<string, double> Metrics(FeatureReadout? fitted)
    {
        double[] sorted = [.. _gaps.Order()];
        OrderedDictionary<string, double> metrics = new()
        {
            ["rows"] = RowCount,
            ["sites"] = _stored.Length,
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

    private SortedDictionary<string, string> Provenance(string explained, TargetLambdaRule? targetRule)
    {
        string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
        SortedDictionary<string, string> provenance = StoreLearningData.ProvenanceOf(_store);
        provenance["method"] = "lasso on features";
        provenance["objective"] = "||Z_j - Z_i A||_F^2 + lambda ||A||_1, sums over rows";
        provenance["target"] = explained;
        provenance["sources"] = _options.Sources == FeatureSources.All ? "all" : "adjacent";
        provenance["positions"] = _texts is null ? "as stored" : "kept apart, a text a row";
        provenance["tolerance"] = Text(_options.Tolerance);
        provenance["lambda_rule"] = _options.Lambda is { } lambda ? "given: " + Text(lambda) : _options.LambdaRatio is { } ratio ? "share " + Text(ratio) + " of each target's largest"
            : $"extended Bayesian criterion, gamma 1, {_options.PathCount} lambdas down to {Text(_options.PathRatio)} of each target's largest";
        if (targetRule is { } rule)
        {
            provenance["target_lambda_rule"] = rule == TargetLambdaRule.Criterion
                ? "extended Bayesian criterion" : $"least squared error on held-out rows, {_options.Folds} folds, down to {Text(SharedReadoutOptions.HeldOutPathRatio)} of the largest";
        }

        provenance["standardize"] = _options.Standardize ? "yes" : _options.ScaleErrors ? "errors by features" : "no";
        provenance["minimum_relevance"] = Text(_options.MinimumRelevance);
        provenance["features_per_site"] = _options.FeaturesPerSite.ToString(CultureInfo.InvariantCulture);
        provenance["shuffles"] = _options.Shuffles.ToString(CultureInfo.InvariantCulture);
        provenance["seed"] = _options.Seed.ToString(CultureInfo.InvariantCulture);
        provenance["regression_backend"] = MatrixBackend.Default.Name;
        foreach ((string site, StoreSource sae) in _store.Manifest.Provenance.Saes)
        {
            provenance["sae_sha256." + site] = sae.Sha256;
        }

        foreach (StoreSite site in _store.Manifest.Sites.Where(site => site.Reads is not null))
        {
            provenance["transcoder_reads." + site.Name] = site.Reads!;
        }

        if (_options.StabilityPairs > 0)
        {
            provenance["stability"] = string.Create(CultureInfo.InvariantCulture, $"{_options.StabilityPairs} complementary pairs of half-samples, each of {StabilityFolds / 2} of {StabilityFolds} folds");
        }

        return provenance;
    }
}
