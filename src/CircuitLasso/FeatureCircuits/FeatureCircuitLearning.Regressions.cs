using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <content>The regressions: the target's, those of the features, and their half-samples.</content>
internal sealed partial class FeatureCircuitLearning
{
    // Where so large a share of the columns is explained, nearly all columns of X'X are asked for.
    private const int ManyTargets = 16;
    private const double HalfSampleShare = 0.5;

    // A coordinate that hardly varies stays penalised.
    private const double LeastErrorFactor = 1e-3;

    // Below it, certificates need sums over the rows themselves, because X'X is rounded: too slow for every feature there is.
    private const double EveryFeatureTolerance = 1e-4;

    private FeatureReadout FitTarget(LearningTarget target, FeatureColumns columns, bool isDetermined)
    {
        TargetLambdaRule? rule = _options.TargetRule ?? (_options.LambdaRatio is not null ? null : isDetermined ? TargetLambdaRule.HeldOutError : TargetLambdaRule.Criterion);
        if (rule == TargetLambdaRule.HeldOutError && target.Numbers is null)
        {
            throw new InputException("--target-lambda", "chooses by held-out error, and the target is a class", "leave it out: the lambda of classes is the criterion's");
        }

        _progress?.Report(new WorkProgress("fitting the target", 0, 1, "targets"));
        FoldAssignment folds = _groups is null ? FoldAssignment.ForRows(RowCount, _options.Folds) : FoldAssignment.ForGroups(_groups, _options.Folds);
        SharedReadoutOptions options = new()
        {
            LambdaRatio = rule is null ? _options.LambdaRatio : null,
            SelectsByHeldOutError = rule == TargetLambdaRule.HeldOutError,
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
            : SharedReadout.FitNumbers(design, numbers, folds, options, _progress, _cancellation);
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
        return FeatureReadout.Of(fit, columns, numbers, rule, stability);
    }

    private void Regress(FeatureSite site, FeatureColumns holder, int[] features, bool follow)
    {
        int first = holder.Find(site)!.Value.FirstFeature;
        CompressedColumns<float> targets = holder.Select([.. features.Select(feature => first + feature)]);
        Dictionary<int, double[]> maps = follow ? features.ToDictionary(feature => feature, feature => _graph.MapsFrom(site)[feature]) : [];
        FeatureColumns source = Read(SourcesOf(site));
        source = site.Position is { } position ? source.UpTo(position) : source;
        using SharedDesign design = source.CreateDesign(centred: true);
        using SharedGram? gram = features.Length > design.Columns / ManyTargets ? design.ComputeGram(_options.GramBytes, _progress, _cancellation) : null;
        bool hasPath = _options.Lambda is null && _options.LambdaRatio is null;
        SharedGramOptions options = new()
        {
            Lambda = _options.Lambda,
            LambdaRatio = _options.Lambda is null ? _options.LambdaRatio ?? _options.PathRatio : null,
            PathLength = hasPath ? _options.PathCount : 1,
            PenaltyFactors = _options.ScaleErrors ? ErrorFactors(source, design) : _options.Standardize ? design.Deviations(aboutMean: true) : [],
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
            string name = site.NodeName(features[t]).ToString();
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

    // An error's coordinates are small beside features because of their unit, the activation's: in units of a feature's typical deviation the penalty compares like with like.
    private static double[] ErrorFactors(FeatureColumns source, SharedDesign design)
    {
        double[] deviations = [.. design.Deviations(aboutMean: true)];
        double[] factors = new double[deviations.Length];
        Array.Fill(factors, 1);
        foreach (FeatureBlock block in source.Blocks)
        {
            double typical = deviations[block.FirstFeature..block.FirstError].Where(deviation => deviation > 0).DefaultIfEmpty(1).Average();
            for (int column = block.FirstError; column < block.End; column++)
            {
                factors[column] = Math.Clamp(deviations[column] / typical, LeastErrorFactor, 1);
            }
        }

        return factors;
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
}
