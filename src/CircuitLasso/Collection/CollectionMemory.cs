using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>What a collection holds at once, and how its texts are put together so that this fits.</summary>
internal sealed class CollectionMemory
{
    private const int MostTextsPerChunk = 512;
    private const int MostTokensPerBatch = 1024;
    private const int FewestTokensPerBatch = 64;
    private const long ChunkBytes = 16L << 20;
    private const int ExpectedFeatureNumbers = 256;

    // As ActivationStoreManifest.ChooseRowsPerShard makes them.
    private const long ShardBytes = 64L << 20;
    private const long MostTextsPerShard = 4096;

    // Scores of a block of the vocabulary, and a strip of weights in float32, where there are as many.
    private const long ScoresAtOnce = 1L << 21;
    private const long WidenedAtOnce = 1L << 22;
    private const long FeatureBlockBytes = 16L << 20;

    private readonly ModelDescription _description;
    private readonly CollectionOptions _options;
    private readonly int _maximumTokens;
    private readonly long _keptNumbers;
    private readonly long _shardBytes;

    public CollectionMemory(TransformerModel model, IReadOnlyList<int> siteWidths, CollectionOptions options, int maximumTokens)
    {
        _description = model.Description;
        _options = options;
        _maximumTokens = maximumTokens;
        _keptNumbers = siteWidths.Sum(width => (long)width) + options.Autoencoders.Sum(entry => (long)entry.Autoencoder.OutputWidth + ExpectedFeatureNumbers) + _description.Width;
        long shardRows = options.Partition?.RowsPerShard ?? (options.Pooling == Pooling.None ? int.MaxValue : MostTextsPerShard);
        _shardBytes = Math.Min(ShardBytes, shardRows * sizeof(float) * _keptNumbers);
    }

    private long RowBytes => sizeof(float) * _keptNumbers * (_options.Pooling == Pooling.None ? _maximumTokens : 1);

    /// <summary>The largest batches that fit, as many at once as there are threads or, where those do not fit, one.</summary>
    /// <exception cref="InputException">Nothing fits.</exception>
    public (BatchPartition Batches, int AtOnce) Choose()
    {
        int threads = DeterministicParallel.Threads;
        long chunkBytes = Math.Min(ChunkBytes, (_options.MemoryBytes ?? long.MaxValue) / 8);
        int texts = (int)Math.Clamp(chunkBytes / RowBytes, 1, _options.Partition?.TextsPerChunk ?? MostTextsPerChunk);
        if (_options.MemoryBytes is not { } limit)
        {
            return (_options.Batches ?? new BatchPartition(texts, MostTokensPerBatch), threads);
        }

        BatchPartition least = _options.Batches ?? new BatchPartition(texts, FewestTokensPerBatch);
        for (int tokens = MostTokensPerBatch; tokens >= FewestTokensPerBatch; tokens /= 2)
        {
            BatchPartition batches = _options.Batches ?? new BatchPartition(texts, tokens);
            foreach (int atOnce in (int[])[threads, 1])
            {
                if (Bytes(batches, atOnce) <= limit)
                {
                    return (batches, atOnce);
                }
            }
        }

        throw new InputException(
            "--memory",
            $"{limit >> 20:N0} MiB are too few: this collection takes {(Bytes(least, 1) >> 20) + 1:N0} MiB beside the model, for texts of up to {_maximumTokens:N0} tokens",
            "give more, cut texts with --max-tokens, or collect fewer sites");
    }

    /// <summary>About the bytes held at once.</summary>
    public long Bytes(BatchPartition batches, int atOnce)
    {
        int tokens = Math.Max(batches.TokensPerBatch, _maximumTokens);
        int texts = Math.Max(1, batches.TokensPerBatch / _maximumTokens);
        long activations = PassCost.Of(_description, texts, tokens / texts, LogitPositions.None).ForwardBytes + (sizeof(float) * tokens * _keptNumbers);
        long features = _options.Autoencoders.Count == 0 ? 0 : FeatureBlockBytes + (2L * sizeof(float) * tokens * _options.Autoencoders.Max(entry => (long)entry.Autoencoder.InputWidth + (entry.IsTranscoder ? entry.Autoencoder.OutputWidth : 0)));
        long scores = Math.Min(ScoresAtOnce, (long)tokens * _description.OutputSize);
        long widened = Math.Min(WidenedAtOnce, (long)_description.Width * Math.Max(_description.OutputSize, _description.Mlp.HiddenWidth));
        long workSpace = sizeof(float) * (scores + widened);
        return (2 * batches.TextsPerChunk * RowBytes) + _shardBytes + (atOnce * (activations + features)) + (DeterministicParallel.Threads * workSpace);
    }
}
