using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Streams a text file through a model into an activation store. Texts are taken in chunks of consecutive rows, each chunk is sorted by length into batches, and
/// batches run on all threads; which texts form a batch depends on their place in the file and on the settings alone, so an interrupted and resumed
/// collection gives the same bytes as one that ran through. Not thread-safe.
/// </summary>
public sealed partial class ActivationCollector
{
    private readonly TransformerModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly TextSource _text;
    private readonly CollectionOptions _options;
    private readonly ActivationRunner _runner;
    private readonly IReadOnlyList<Site> _sites;
    private readonly BatchPartition _batches;
    private readonly int _batchesAtOnce;
    private readonly int _maximumTokens;

    /// <summary>Prepares a collection.</summary>
    /// <param name="model">The model; it must stay as it is while the collection runs.</param>
    /// <param name="modelFolder">The folder it was read from, whose files identify it.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="text">The text file.</param>
    /// <param name="options">What to collect.</param>
    /// <exception cref="InputException">
    /// No token of a text would be read, an autoencoder does not fit its site, or the memory allowed is too little.
    /// </exception>
    public ActivationCollector(TransformerModel model, string modelFolder, Tokenizer tokenizer, TextSource text, CollectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        _model = model;
        _tokenizer = tokenizer;
        _text = text;
        _options = options;
        HashSet<Site> encoded = [.. options.Autoencoders.Select(entry => entry.Site)];
        _sites = [.. options.Sites.Select(site => site.Kind == SiteKind.AttentionHead ? site with { Kind = model.Description.HeadSite } : site).Distinct().Where(site => !encoded.Contains(site))];
        RequireAutoencoders(model.Description, options.Autoencoders);
        _runner = new ActivationRunner(model, _sites, options.Autoencoders, options.Pooling);
        _maximumTokens = Math.Min(options.MaximumTokens ?? int.MaxValue, model.Description.MaximumPositions);
        if (_maximumTokens < 1)
        {
            throw new InputException("--max-tokens", $"{options.MaximumTokens} is not at least 1", "give the longest text to read, in tokens");
        }

        CollectionMemory memory = new(model, _runner.SiteWidths, options, _maximumTokens);
        (_batches, _batchesAtOnce) = memory.Choose();
        MemoryBytes = memory.Bytes(_batches, _batchesAtOnce);
        Manifest = CreateManifest(modelFolder);
    }

    /// <summary>The name under which a store keeps the last residual stream of each row, from which any logit can be had.</summary>
    public const string FinalResidualSite = "final_residual";

    /// <summary>The name of the target that holds log-probabilities of the texts.</summary>
    public const string LogProbabilityTarget = "logprob";

    /// <summary>The name of the target that holds the difference of the two answers' logits.</summary>
    public const string LogitDifferenceTarget = "logitdiff";

    /// <summary>The name of the target that holds the first answer's log-probability.</summary>
    public const string AnswerLogProbabilityTarget = "answer_logprob";

    /// <summary>The manifest of the store to be.</summary>
    public ActivationStoreManifest Manifest { get; }

    /// <summary>
    /// About the bytes of memory that the collection holds at once beside the model's weights: a chunk of rows, twice while it is put in order, a shard, and for every batch that
    /// runs at once its activations.
    /// </summary>
    public long MemoryBytes { get; }

    /// <summary>What the collection is going to cost: one pass over all texts, every token scored, reckoned from the lengths of the first texts of the file.</summary>
    public WorkEstimate Estimate()
    {
        const int Sample = 64;
        ModelDescription description = _model.Description;
        int[][] sample = [.. _text.ReadRows().Take(Sample).Select(row => _tokenizer.Encode(row.Text)).Select(ids => ids.Length > _maximumTokens ? ids[.._maximumTokens] : ids).Where(ids => ids.Length > 0)];
        WorkEstimate of = WorkEstimate.OfForward(description, sample, description.PredictsTokens ? LogitPositions.All : LogitPositions.None);
        double encoded = _options.Pooling == Pooling.Last ? sample.Length : of.Tokens;
        double encoding = encoded * _options.Autoencoders.Sum(entry => 2.0 * entry.Autoencoder.InputWidth * entry.Autoencoder.FeatureCount);
        double factor = (double)_text.RowCount / Math.Max(1, sample.Length);
        return new WorkEstimate((long)(of.Tokens * factor), (of.Operations + encoding) * factor);
    }

    /// <summary>Runs the collection, or the rest of one that was interrupted.</summary>
    /// <param name="folder">The store's folder.</param>
    /// <param name="progress">Told about texts done.</param>
    /// <param name="cancellation">Stops between batches; whole shards are kept.</param>
    /// <exception cref="InputException">The store belongs to another collection, an answer is not one token, or the disk is full.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the same call goes on.</exception>
    public CollectionResult Run(string folder, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Stopwatch total = Stopwatch.StartNew();
        Stopwatch forward = new();
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, Manifest, Constants());
        int resumedAt = writer.CompletedTexts;
        int cut = 0;
        long tokens = 0;
        if (!writer.IsComplete)
        {
            int firstChunk = resumedAt / _batches.TextsPerChunk * _batches.TextsPerChunk;
            foreach (TextRow[] chunk in _text.ReadRows().SkipWhile(row => row.Index < firstChunk).Chunk(_batches.TextsPerChunk))
            {
                int[][] ids = [.. chunk.Select(row => _tokenizer.Encode(row.Text))];
                cut += ids.Count(text => text.Length > _maximumTokens);
                ids = [.. ids.Select(text => text.Length > _maximumTokens ? text[.._maximumTokens] : text)];
                tokens += ids.Sum(text => (long)text.Length);
                Require(chunk, ids);
                forward.Start();
                (int[] Texts, CollectedRows Rows)[] batches = RunBatches(ids, cancellation);
                forward.Stop();
                Write(writer, chunk, ids, batches);
                foreach ((_, CollectedRows collected) in batches)
                {
                    collected.Dispose();
                }

                progress?.Report(new WorkProgress("collecting", chunk[^1].Index + 1, _text.RowCount, "texts"));
            }

            writer.Complete();
        }

        return new CollectionResult(_text.RowCount, writer.CompletedRows, resumedAt, cut, tokens, forward.Elapsed.TotalSeconds, total.Elapsed.TotalSeconds);
    }

    private void Require(TextRow[] chunk, int[][] ids)
    {
        int empty = Array.FindIndex(ids, text => text.Length == 0);
        if (empty >= 0)
        {
            throw new InputException(_text.Path, $"the text of line {chunk[empty].Line} has no tokens", "remove the row");
        }
    }

    private (int[] Texts, CollectedRows Rows)[] RunBatches(int[][] ids, CancellationToken cancellation)
    {
        List<int[]> batches = [];
        List<int> current = [];
        foreach (int text in Enumerable.Range(0, ids.Length).OrderBy(text => ids[text].Length).ThenBy(text => text))
        {
            // Texts come in order of length, so the new one decides the padded size.
            if (current.Count > 0 && (current.Count + 1) * ids[text].Length > _batches.TokensPerBatch)
            {
                batches.Add([.. current]);
                current.Clear();
            }

            current.Add(text);
        }

        batches.Add([.. current]);
        (int[] Texts, CollectedRows Rows)[] results = new (int[], CollectedRows)[batches.Count];
        void RunBatch(int batch) => results[batch] = (batches[batch], _runner.Run([.. batches[batch].Select(text => ids[text])]));
        if (_batchesAtOnce > 1)
        {
            DeterministicParallel.For(batches.Count, RunBatch, cancellation);
        }
        else
        {
            // One after the other, and the threads work on each together: the same bytes, with the activations of one batch in memory.
            for (int batch = 0; batch < batches.Count; batch++)
            {
                cancellation.ThrowIfCancellationRequested();
                RunBatch(batch);
            }
        }

        return results;
    }

    private void Write(ActivationStoreWriter writer, TextRow[] chunk, int[][] ids, (int[] Texts, CollectedRows Rows)[] batches)
    {
        bool pooled = _options.Pooling != Pooling.None;

        // Where each text's rows lie: its batch, and its first row there.
        (int Batch, int Row)[] places = new (int, int)[ids.Length];
        for (int batch = 0; batch < batches.Length; batch++)
        {
            int row = 0;
            foreach (int text in batches[batch].Texts)
            {
                places[text] = (batch, row);
                row += pooled ? 1 : ids[text].Length;
            }
        }

        List<StoreRow> rows = [];
        for (int text = 0; text < ids.Length; text++)
        {
            int label = chunk[text].LabelClass ?? 0;
            for (int position = 0; position < (pooled ? 1 : ids[text].Length); position++)
            {
                rows.Add(pooled
                    ? new StoreRow(chunk[text].Index, ids[text].Length, label)
                    : new StoreRow(chunk[text].Index, ids[text].Length, label, position, ids[text][position]));
            }
        }

        writer.BeginBatch(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
        float[] Gather(Func<CollectedRows, float[]> part, int width)
        {
            float[] gathered = new float[rows.Count * width];
            int next = 0;
            for (int text = 0; text < ids.Length; text++)
            {
                int length = (pooled ? 1 : ids[text].Length) * width;
                part(batches[places[text].Batch].Rows).AsSpan(places[text].Row * width, length).CopyTo(gathered.AsSpan(next));
                next += length;
            }

            return gathered;
        }

        for (int site = 0; site < _sites.Count; site++)
        {
            int index = site;
            writer.WriteDense(_sites[site].ToString(), Gather(batch => batch.Sites[index], _runner.SiteWidths[site]));
        }

        for (int index = 0; index < _options.Autoencoders.Count; index++)
        {
            SiteAutoencoder entry = _options.Autoencoders[index];
            int place = index;
            WriteFeatures(writer, entry.Site.ToString(), ids, places, batches, place, pooled);
            writer.WriteDense(SiteAutoencoder.ErrorName(entry.Site.ToString()), Gather(batch => batch.Features[place]!.Errors, entry.Autoencoder.OutputWidth));
        }

        float[] final = Gather(batch => batch.FinalResidual, _model.Description.Width);
        writer.WriteDense(FinalResidualSite, final);
        writer.WriteTarget(LogProbabilityTarget, Gather(batch => batch.LogProbability, 1));
        if (_options.Answers is { } answers)
        {
            // An answer follows a whole text: where every token has a row, it is defined in the row of the last one.
            int width = _model.Description.Width;
            int[] ends = pooled ? [.. Enumerable.Range(0, rows.Count)] : [.. Enumerable.Range(0, rows.Count).Where(row => rows[row].Position == rows[row].Length - 1)];
            float[] residuals = pooled ? final : [.. ends.SelectMany(row => final.AsSpan(row * width, width).ToArray())];
            (float[] differences, float[] logProbabilities) = AnswerTargets.Compute(_model, _tokenizer, _text.Path, chunk, answers, residuals);
            writer.WriteTarget(LogitDifferenceTarget, Spread(differences, ends, rows.Count));
            writer.WriteTarget(AnswerLogProbabilityTarget, Spread(logProbabilities, ends, rows.Count));
        }

        writer.EndBatch();
    }

    // Numbers in their rows, and nothing defined in the others.
    private static float[] Spread(float[] numbers, int[] places, int rows)
    {
        float[] spread = new float[rows];
        Array.Fill(spread, float.NaN);
        for (int i = 0; i < places.Length; i++)
        {
            spread[places[i]] = numbers[i];
        }

        return spread;
    }

    private static void WriteFeatures(
        ActivationStoreWriter writer, string site, int[][] ids, (int Batch, int Row)[] places, (int[] Texts, CollectedRows Rows)[] batches, int autoencoder, bool pooled)
    {
        List<long> starts = [0];
        List<int> indices = [];
        List<float> values = [];
        for (int text = 0; text < ids.Length; text++)
        {
            SparseFeatureRows features = batches[places[text].Batch].Rows.Features[autoencoder]!.Features;
            for (int row = places[text].Row; row < places[text].Row + (pooled ? 1 : ids[text].Length); row++)
            {
                indices.AddRange(features.Indices(row));
                values.AddRange(features.Values(row));
                starts.Add(indices.Count);
            }
        }

        writer.WriteSparse(
            site,
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(starts),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(indices),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values));
    }
}
