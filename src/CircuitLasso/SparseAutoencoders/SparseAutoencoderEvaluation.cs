using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Runs a model over a text and a sparse autoencoder over the activations of its site: how sparse it is, how much is dead, how much it explains.</summary>
public static class SparseAutoencoderEvaluation
{
    private const int TokensPerBatch = 1024;

    /// <summary>Measures an autoencoder or a transcoder on every token of a text file. The same input gives the same numbers, whatever the number of threads.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="text">The text file.</param>
    /// <param name="autoencoder">The autoencoder; its provenance says which site it reads, and for a transcoder which one it writes.</param>
    /// <param name="maximumTokens">Longer texts are cut; null: to the model's own limit.</param>
    /// <param name="skippedTokens">Tokens at the start of each text that are left out of all figures: a first token often has an activation like no other.</param>
    /// <param name="progress">Told about texts done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="InputException">The autoencoder does not say its site, or is of another width than the model's, or no token is left.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SparseAutoencoderStatistics Measure(
        TransformerModel model,
        Tokenizer tokenizer,
        TextSource text,
        SparseAutoencoder autoencoder,
        int? maximumTokens = null,
        int skippedTokens = 0,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(autoencoder);
        ArgumentOutOfRangeException.ThrowIfNegative(skippedTokens);
        int limit = Math.Min(maximumTokens ?? int.MaxValue, model.Description.MaximumPositions);
        Site[] sites = Sites(autoencoder);
        ActivationRunner runner = new(model, sites, [], Pooling.None);
        RequireWidths(autoencoder, sites, runner);
        Sums sums = new(autoencoder);
        List<int[]> batch = [];
        int longest = 0;
        long cut = 0;
        foreach (TextRow row in text.ReadRows())
        {
            int[] ids = tokenizer.Encode(row.Text);
            cut += ids.Length > limit ? 1 : 0;
            ids = ids.Length > limit ? ids[..limit] : ids;
            if (ids.Length > skippedTokens)
            {
                longest = Math.Max(longest, ids.Length);
                if (batch.Count > 0 && (long)(batch.Count + 1) * longest > TokensPerBatch)
                {
                    Run(runner, batch, skippedTokens, sums);
                    batch.Clear();
                    longest = ids.Length;
                }

                batch.Add(ids);
            }

            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new WorkProgress("measuring", row.Index + 1, text.RowCount, "texts"));
        }

        if (batch.Count > 0)
        {
            Run(runner, batch, skippedTokens, sums);
        }

        return sums.Tokens > 0
            ? sums.ToStatistics(text.RowCount, cut)
            : throw new InputException(text.Path, $"has no text of more than {skippedTokens} tokens", "leave fewer tokens out, or give longer texts");
    }

    private static Site[] Sites(SparseAutoencoder autoencoder)
    {
        SparseAutoencoderProvenance provenance = autoencoder.Provenance;
        Site? written = autoencoder.Architecture.IsTranscoder ? provenance.OutputSite : provenance.InputSite;
        if (provenance.InputSite is not { } input || written is not { } output)
        {
            throw new InputException(
                provenance.Path,
                $"does not say which site of the model it {(provenance.InputSite is null ? "reads" : "writes")}" + (provenance.HookName is { } hook ? $" (its hook is '{hook}')" : string.Empty),
                "state the site");
        }

        return input == output ? [input] : [input, output];
    }

    private static void RequireWidths(SparseAutoencoder autoencoder, Site[] sites, ActivationRunner runner)
    {
        foreach ((int place, int width) in ((int, int)[])[(0, autoencoder.InputWidth), (sites.Length - 1, autoencoder.OutputWidth)])
        {
            if (runner.SiteWidths[place] != width)
            {
                throw new InputException(
                    autoencoder.Provenance.Path,
                    $"is of width {width}, and {sites[place]} of this model of width {runner.SiteWidths[place]}",
                    "use the model that it was trained on");
            }
        }
    }

    private static void Run(ActivationRunner runner, List<int[]> texts, int skipped, Sums sums)
    {
        CollectedRows rows = runner.Run(texts);
        int first = 0;
        foreach (int[] ids in texts)
        {
            sums.Add(Part(rows.Sites[0], runner.SiteWidths[0]), Part(rows.Sites[^1], runner.SiteWidths[^1]));
            first += ids.Length;

            ReadOnlySpan<float> Part(float[] values, int width) => values.AsSpan((first + skipped) * width, (ids.Length - skipped) * width);
        }
    }

    /// <summary>What is added up over the tokens, in float64.</summary>
    private sealed class Sums(SparseAutoencoder autoencoder)
    {
        private readonly long[] _active = new long[autoencoder.FeatureCount];
        private readonly double[] _means = new double[autoencoder.OutputWidth];
        private double _deviations;
        private double _errors;
        private long _entries;

        public long Tokens { get; private set; }

        public void Add(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets)
        {
            int width = autoencoder.OutputWidth;
            using SparseFeatureRows features = new(autoencoder.FeatureCount);
            autoencoder.Encode(inputs, features);
            foreach (int feature in features.EntryIndices)
            {
                _active[feature]++;
            }

            _entries += features.EntryCount;
            float[] reconstruction = new float[targets.Length];
            autoencoder.Decode(features, inputs, reconstruction);
            for (int row = 0; row < features.RowCount; row++)
            {
                Tokens++;
                for (int i = 0; i < width; i++)
                {
                    // Welford's running mean and squared deviations: a large mean takes no digits from a small variance.
                    double value = targets[(row * width) + i];
                    double error = value - reconstruction[(row * width) + i];
                    double before = value - _means[i];
                    _means[i] += before / Tokens;
                    _deviations += before * (value - _means[i]);
                    _errors += error * error;
                }
            }
        }

        public SparseAutoencoderStatistics ToStatistics(long texts, long cut) =>
            new(texts, Tokens, cut, (double)_entries / Tokens, _active, _deviations > 0 ? 1 - (_errors / _deviations) : double.NaN);
    }
}
