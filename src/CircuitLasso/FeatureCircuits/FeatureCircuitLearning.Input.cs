using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <content>What may be asked for: options, the machine's memory, the prompt's row.</content>
internal sealed partial class FeatureCircuitLearning
{
    /// <summary>Bytes at the peak: the columns of a site and of its sources, or of the readout and its folds, and what X'X may take.</summary>
    public static long EstimateBytes(ActivationStoreReader store, FeatureSite[] sites, TextPositions? texts, FeatureCircuitOptions options, bool hasNumbers)
    {
        int positions = texts?.Positions ?? 1;
        long[] sizes = [.. sites.Select(site => FeatureColumns.EstimateBytes(store, [site], positions))];
        long columns = options.Sources == FeatureSources.All ? 2 * sizes.Sum() : sizes.Zip(sizes.Skip(1), (a, b) => a + b).DefaultIfEmpty(sizes[0]).Max();
        long halves = options.StabilityPairs > 0 ? columns / 2 : 0, widest = positions * sites.Max(site => site.Features + (long)(site.Error?.Width ?? 0));

        // The columns up to a position are a copy.
        columns += texts is null ? 0 : options.Sources == FeatureSources.All ? sizes.Sum() : sizes.Max();

        // The folds of the target's own path stand side by side.
        bool heldOut = hasNumbers && (options.TargetRule == TargetLambdaRule.HeldOutError || (options.TargetRule is null && HoldsAllThatTheModelReads(store, texts, sites[^1])));
        long readout = options.Sources == FeatureSources.All ? sizes.Sum() : sizes.Max();
        readout += heldOut ? options.Folds * readout / (texts is { AreEven: true } ? positions : 1) : 0;
        long products = Math.Max(1L << 24, 256 * widest);
        return Math.Max(columns + halves, readout) + products + Math.Min(options.GramBytes, 4 * widest * widest);
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
        Require(!(options.ScaleErrors && options.Standardize), "--scale-errors", "stands beside --standardize, which scales every column", "give one of them");
        Require(options.PathCount >= 2, "--path", "is not at least two lambdas", "leave it out, or give more");
        Require(options.PathRatio is > 0 and < 1, "path ratio", "is not between 0 and 1", "give a share of the largest lambda, such as 0.001");
        Require(options.MinimumRelevance is >= 0 and <= 1, "--min-relevance", "is not from 0 to 1", "a relevance is a share, such as 0.001");
        Require(options.FeaturesPerSite >= 1, "--features", "is not at least one feature", "leave it out, or give more");
        Require(options.Folds >= 3, "folds", "are fewer than three", "use three folds or more");
        Require(options.Shuffles >= 1, "shuffles", "are fewer than one", "shuffle at least once");
        Require(options.StabilityPairs >= 0, "--stability", "is below zero", "give the number of pairs of half-samples; 50 are usual");
    }

    private void RequireMemory(bool hasNumbers)
    {
        long needed = EstimateBytes(_store, _stored, _texts, _options, hasNumbers), available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
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

        if (row < 0 || row >= AllRows)
        {
            throw new InputException("--prompt", string.Create(CultureInfo.InvariantCulture, $"the store has no row {row}"), string.Create(CultureInfo.InvariantCulture, $"give a row from 0 to {AllRows - 1}"));
        }

        int at = _rows is null ? (int)row : Array.BinarySearch(_rows, (int)row);
        return at >= 0 ? at : throw new InputException("--prompt", string.Create(CultureInfo.InvariantCulture, $"the target is not defined for row {row}"), "choose another row");
    }
}
