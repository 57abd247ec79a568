using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>The target's own regression, read as what each column gives it.</summary>
/// <param name="Fit">The fit.</param>
/// <param name="Entries">Its coefficients by column.</param>
/// <param name="Response">What relevance is a share of, less its mean: the number itself, or the fitted scores of classes, output by output.</param>
/// <param name="Explained">The share of a number's variation that the fit explains; null for classes.</param>
/// <param name="Rule">How lambda was chosen on a path; null where it was given.</param>
internal sealed record FeatureReadout(SharedReadout Fit, IReadOnlyList<FeatureEntry> Entries, IReadOnlyList<double[]> Response, double? Explained, TargetLambdaRule? Rule)
{
    /// <summary>Reads a fit.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="columns">Its design.</param>
    /// <param name="numbers">What was fitted; null for classes.</param>
    /// <param name="rule">How lambda was chosen on a path; null where it was given.</param>
    /// <param name="stability">Shares of half-samples, columns x 1, or null.</param>
    public static FeatureReadout Of(SharedReadout fit, FeatureColumns columns, double[]? numbers, TargetLambdaRule? rule, CompressedColumns<double>? stability)
    {
        int outputs = fit.Coefficients.ColumnCount;
        SortedDictionary<int, double[]> byColumn = [];
        Dictionary<int, double> enters = [];
        for (int k = 0; k < outputs; k++)
        {
            ReadOnlySpan<int> rows = fit.Coefficients.RowsOf(k);
            for (int i = 0; i < rows.Length; i++)
            {
                if (!byColumn.TryGetValue(rows[i], out double[]? values))
                {
                    byColumn[rows[i]] = values = new double[outputs];
                }

                values[k] = fit.Coefficients.ValuesOf(k)[i];
                enters[rows[i]] = Math.Max(enters.GetValueOrDefault(rows[i]), fit.EntersAt.ValuesOf(k)[i]);
            }
        }

        FeatureEntry[] entries = [.. byColumn.Select(pair => new FeatureEntry(pair.Key, pair.Value, rule is null ? null : enters[pair.Key], stability is null ? null : Share(stability, pair.Key, 0)))];
        if (numbers is null)
        {
            return new FeatureReadout(fit, entries, [.. Enumerable.Range(0, outputs).Select(k => columns.Combine(entries.Select(entry => (entry.Column, entry.Values[k]))))], null, rule);
        }

        TargetCertificate certificate = fit.Certificate;
        return new FeatureReadout(fit, entries, [FeatureColumns.Centred(numbers)], certificate.NullLoss > 0 ? Math.Max(0, 1 - (certificate.Loss / certificate.NullLoss)) : 0, rule);
    }

    /// <summary>An entry of a matrix of shares, 0 where it has none.</summary>
    public static double Share(CompressedColumns<double> shares, int row, int column)
    {
        int at = shares.RowsOf(column).BinarySearch(row);
        return at < 0 ? 0 : shares.ValuesOf(column)[at];
    }

    /// <summary>What was measured.</summary>
    public IEnumerable<(string Name, double Value)> Metrics()
    {
        yield return ("target_lambda", Fit.Certificate.Lambda);
        yield return ("target_gap", Fit.Certificate.RelativeGap);
        yield return ("target_predictable", Fit.IsPredictable ? 1 : 0);
        (string Name, double Value)[] measures =
        [
            .. Fit.RSquared is { } squared ? Measures("r2", squared) : [],
            .. Measures("auc", Fit.AreaUnderCurve),
        ];
        foreach ((string name, double value) in measures.Where(measure => double.IsFinite(measure.Value)))
        {
            yield return (name, value);
        }
    }

    private static (string Name, double Value)[] Measures(string name, ShuffleComparison comparison) =>
    [
        ($"target_held_out_{name}", comparison.Value),
        ($"target_held_out_{name}_standard_error", comparison.StandardError),
        ($"target_shuffled_{name}_mean", comparison.ShuffledMean),
        ($"target_shuffled_{name}_max", comparison.ShuffledMaximum),
    ];
}
