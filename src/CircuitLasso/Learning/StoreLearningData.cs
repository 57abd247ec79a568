using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>
/// The components of a model as an activation store holds them: the embedding, every attention head and every MLP, in the order of computation. Heads come in
/// <see cref="ResidualCoordinates"/>. The residual stream before and after a block, a layer's whole attention output and the MLP's hidden numbers are blocks under their
/// own names where the components, of which they are sums or parts, are not there. Other sites (what a sublayer reads, queries, keys, values, logits) are not blocks.
/// </summary>
/// <remarks>Not thread-safe. Owns nothing: the store must stay open.</remarks>
public sealed class StoreLearningData : ILearningData
{
    private const int WidestHead = 4096;
    private readonly ActivationStoreReader _store;
    private readonly List<BlockSource> _sources = [];
    private readonly int _columns;

    /// <summary>Chooses the blocks.</summary>
    /// <param name="store">A finished store.</param>
    /// <exception cref="InputException">The store has no site that can be a block, or one that must be known by the model's settings is not.</exception>
    public StoreLearningData(ActivationStoreReader store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        bool parallel = Setting("sublayers") == "parallel";
        bool hasHeads = store.Manifest.Sites.Any(site => site.Name.StartsWith("attn_z.", StringComparison.Ordinal) || site.Name.StartsWith("attn_z_normalized.", StringComparison.Ordinal));
        bool hasComponents = hasHeads && store.Manifest.Sites.Any(site => site.Name.StartsWith("mlp_out.", StringComparison.Ordinal));
        foreach (StoreSite stored in store.Manifest.Sites)
        {
            if (stored.Kind != StoreSiteKind.Dense)
            {
                throw new InputException(store.Folder, $"site {stored.Name} holds sparse features", "learn from a store of dense sites");
            }

            if (stored.Name != ActivationCollector.FinalResidualSite)
            {
                Add(stored, Site.Parse(stored.Name), parallel, hasHeads, hasComponents);
            }
        }

        if (_sources.Count == 0)
        {
            throw new InputException(store.Folder, "has no site to learn from", "collect with --sites components");
        }

        _sources.Sort((a, b) => (a.Place, a.Order).CompareTo((b.Place, b.Order)));
        Blocks = [.. _sources.SelectMany(source => source.Blocks)];
        _columns = Blocks.Sum(block => block.Width);
        Components = Graph(parallel);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LearningBlock> Blocks { get; }

    /// <inheritdoc/>
    public long Rows => _store.RowCount;

    /// <inheritdoc/>
    public string Subject => _store.Folder;

    /// <inheritdoc/>
    public ComponentGraph? Components { get; }

    /// <summary>Where positions are not pooled, the rows of each text; else null, because a text is one row.</summary>
    /// <exception cref="InputException">A shard is damaged.</exception>
    public RowGroups? Groups => StoreTexts.Groups(_store);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance => ProvenanceOf(_store);

    /// <inheritdoc/>
    public void ReadRows(long start, int count, Span<float> destination)
    {
        int firstColumn = 0;
        foreach (BlockSource source in _sources)
        {
            float[] rows = new float[count * source.Width];
            _store.ReadRows(source.Site, start, count, rows);
            for (int row = 0; row < count; row++)
            {
                source.Transform(rows.AsSpan(row * source.Width, source.Width), destination.Slice((row * _columns) + firstColumn, source.Width));
            }

            firstColumn += source.Width;
        }
    }

    /// <summary>What decides the numbers of a store, for the circuits that are learnt from it.</summary>
    internal static SortedDictionary<string, string> ProvenanceOf(ActivationStoreReader store)
    {
        StoreProvenance from = store.Manifest.Provenance;
        SortedDictionary<string, string> provenance = new(StringComparer.Ordinal) { ["pooling"] = store.Manifest.Pooling.ToString().ToLowerInvariant() };
        void Put(string key, string? value)
        {
            if (value is not null)
            {
                provenance[key] = value;
            }
        }

        Put("model_sha256", from.Model?.Sha256);
        Put("tokenizer_sha256", from.Tokenizer?.Sha256);
        Put("text_sha256", from.Text?.Sha256);
        Put("text", from.Text?.Name);
        Put("bos_policy", from.BosPolicy);
        Put("batch_partition", from.BatchPartition);
        Put("activation_backend", from.Backend);
        return provenance;
    }

    private void Add(StoreSite stored, Site site, bool parallel, bool hasHeads, bool hasComponents)
    {
        int attentionPlace = 1 + (3 * site.Layer);
        int mlpPlace = parallel ? attentionPlace : attentionPlace + 1;
        switch (site.Kind)
        {
            case SiteKind.Embedding:
                _sources.Add(new BlockSource(stored.Name, 0, 0, stored.Width, [new LearningBlock("input", CircuitNodeKind.Input, null, 0, stored.Width)], null));
                break;
            case SiteKind.AttentionMix when Setting(ActivationCollector.SublayerOutputsSetting) == ActivationCollector.NormalizedOutputs:
                if (!_store.Manifest.Sites.Any(other => other.Name == new Site(SiteKind.AttentionMixNormalized, site.Layer).ToString()))
                {
                    throw new InputException(_store.Folder, $"site {stored.Name} is before the norm that follows attention in this model, so that no matrix brings it into the residual stream", "collect with --sites components");
                }

                break;
            case SiteKind.AttentionMix or SiteKind.AttentionMixNormalized:
                AddHeads(stored, site.Layer, attentionPlace);
                break;
            case SiteKind.MlpOutput:
                Single(stored, mlpPlace, 1, ComponentGraph.MlpName(site.Layer), CircuitNodeKind.Mlp, site.Layer);
                break;
            case SiteKind.AttentionOutput when !hasHeads:
                Single(stored, attentionPlace, 0, stored.Name, CircuitNodeKind.Block, site.Layer);
                break;
            case SiteKind.ResidualBefore when !hasComponents:
                Single(stored, attentionPlace - 1, 2, stored.Name, CircuitNodeKind.Block, site.Layer);
                break;
            case SiteKind.ResidualAfter when !hasComponents:
                Single(stored, attentionPlace + 2, 1, stored.Name, CircuitNodeKind.Block, site.Layer);
                break;
            case SiteKind.MlpHidden when !hasComponents:
                Single(stored, mlpPlace, 0, stored.Name, CircuitNodeKind.Block, site.Layer);
                break;
            default:
                break;
        }
    }

    private void Single(StoreSite stored, int place, int order, string name, CircuitNodeKind kind, int layer) =>
        _sources.Add(new BlockSource(stored.Name, place, order, stored.Width, [new LearningBlock(name, kind, layer, place, stored.Width)], null));

    private void AddHeads(StoreSite stored, int layer, int place)
    {
        int heads = stored.Heads ?? throw new InputException(_store.Folder, $"site {stored.Name} does not say how many heads it has", "write \"heads\" into the manifest");
        int headWidth = stored.Width / heads;
        if (headWidth > WidestHead)
        {
            // The factor below is head width squared, whatever the size of the file that asks for it.
            throw new InputException(_store.Folder, $"site {stored.Name} has heads of width {headWidth}, wider than any model's", $"give the number of heads, so that none is wider than {WidestHead}");
        }

        StoreConstant matrix = _store.ReadConstant(string.Create(CultureInfo.InvariantCulture, $"output_matrix.{layer}"));
        if (matrix.Shape.Count != 2 || matrix.Shape[0] != stored.Width)
        {
            throw new InputException(_store.Folder, $"constant output_matrix.{layer} has shape [{string.Join(", ", matrix.Shape)}]", $"write {stored.Width} rows, one for each column of {stored.Name}");
        }

        int rowsLength = headWidth * (int)matrix.Shape[1];
        _sources.Add(new BlockSource(
            stored.Name,
            place,
            0,
            stored.Width,
            [.. Enumerable.Range(0, heads).Select(head => new LearningBlock(ComponentGraph.HeadName(layer, head), CircuitNodeKind.AttentionHead, layer, place, headWidth))],
            [.. Enumerable.Range(0, heads).Select(head => ResidualCoordinates.Factor(matrix.Values.Span.Slice(head * rowsLength, rowsLength), headWidth))]));
    }

    // Only a full set of components is a component graph; the settings are the file's word, so that they are counted before a graph of that size is made.
    private ComponentGraph? Graph(bool parallel)
    {
        if (!int.TryParse(Setting("layers"), NumberStyles.None, CultureInfo.InvariantCulture, out int layers)
            || !int.TryParse(Setting("heads"), NumberStyles.None, CultureInfo.InvariantCulture, out int heads)
            || !int.TryParse(Setting("width"), NumberStyles.None, CultureInfo.InvariantCulture, out int width)
            || layers < 1 || heads < 1 || width < 1 || (layers * (heads + 1L)) + 1 != Blocks.Count)
        {
            return null;
        }

        ComponentGraph graph = new(layers, heads, parallel, width);
        return graph.Nodes.Where(node => node.Kind != CircuitNodeKind.Logits).Select(node => node.Name).ToHashSet().SetEquals(Blocks.Select(block => block.Name)) ? graph : null;
    }

    private string? Setting(string name) => _store.Manifest.Provenance.Settings.GetValueOrDefault(name);

    private sealed record BlockSource(string Site, int Place, int Order, int Width, LearningBlock[] Blocks, float[][]? Factors)
    {
        public void Transform(ReadOnlySpan<float> row, Span<float> destination)
        {
            if (Factors is null)
            {
                row.CopyTo(destination);
                return;
            }

            int headWidth = Width / Factors.Length;
            for (int head = 0; head < Factors.Length; head++)
            {
                float[] factor = Factors[head];
                for (int j = 0; j < headWidth; j++)
                {
                    float sum = 0;
                    for (int i = j; i < headWidth; i++)
                    {
                        sum += row[(head * headWidth) + i] * factor[(i * headWidth) + j];
                    }

                    destination[(head * headWidth) + j] = sum;
                }
            }
        }
    }
}
