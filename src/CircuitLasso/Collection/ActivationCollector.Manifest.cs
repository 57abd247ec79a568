using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <content>What the store is made of, and what it is said to be made from.</content>
public sealed partial class ActivationCollector
{
    /// <summary>The setting that says that a norm follows the sublayers of the model, and its value.</summary>
    internal const string SublayerOutputsSetting = "sublayer_outputs";

    internal const string NormalizedOutputs = "normalized";

    private static void RequireAutoencoders(ModelDescription description, IReadOnlyList<SiteAutoencoder> autoencoders)
    {
        HashSet<Site> seen = [];
        foreach (SiteAutoencoder entry in autoencoders)
        {
            string name = entry.Autoencoder.Provenance.Path is { Length: > 0 } path ? path : entry.Site.ToString();
            if (Site.HasLayer(entry.Site.Kind) && entry.Site.Layer >= description.Layers)
            {
                throw new InputException(name, $"encodes {entry.Site}, and the model has layers 0 to {description.Layers - 1} only", "give an autoencoder of this model");
            }

            foreach (Site site in (ReadOnlySpan<Site>)[entry.InputSite, entry.Site])
            {
                if (site.Kind is SiteKind.AttentionPattern or SiteKind.AttentionHead or SiteKind.Logits)
                {
                    throw new InputException(name, $"features of {site} cannot be collected", "give an autoencoder of another site");
                }
            }

            if (ActivationRunner.Width(description, entry.InputSite) is var width && width != entry.Autoencoder.InputWidth)
            {
                throw new InputException(name, $"encodes {entry.Autoencoder.InputWidth} numbers, and {entry.InputSite} of the model has {width}", "give an autoencoder of this model");
            }

            if (ActivationRunner.Width(description, entry.Site) is var written && written != entry.Autoencoder.OutputWidth)
            {
                throw new InputException(name, $"writes {entry.Autoencoder.OutputWidth} numbers, and {entry.Site} of the model has {written}", "give an autoencoder of this model");
            }

            entry.RequireReads(description);

            if (!seen.Add(entry.Site))
            {
                throw new InputException(name, $"site {entry.Site} has another autoencoder already", "give one for each site");
            }
        }
    }

    private List<StoreConstant> Constants()
    {
        ModelDescription description = _model.Description;
        List<StoreConstant> constants = [];
        foreach (Site site in _sites.Where(site => site.Kind == description.HeadSite))
        {
            int inputs = description.Attention.Heads * description.Attention.HeadWidth;
            float[] matrix = _model.AttentionOutputMatrix(site.Layer);
            float[] transposed = new float[matrix.Length];
            for (int output = 0; output < description.Width; output++)
            {
                for (int input = 0; input < inputs; input++)
                {
                    transposed[(input * description.Width) + output] = matrix[(output * inputs) + input];
                }
            }

            constants.Add(new StoreConstant($"output_matrix.{site.Layer}", [inputs, description.Width], transposed));
        }

        return constants;
    }

    private ActivationStoreManifest CreateManifest(string modelFolder)
    {
        ModelDescription description = _model.Description;
        List<StoreSite> sites = [.. _sites.Select((site, index) => new StoreSite
        {
            Name = site.ToString(),
            Kind = StoreSiteKind.Dense,
            Width = _runner.SiteWidths[index],
            Heads = site.Kind switch
            {
                SiteKind.AttentionMix or SiteKind.AttentionMixNormalized or SiteKind.Query => description.Attention.Heads,
                SiteKind.Key or SiteKind.Value => description.Attention.KeyValueHeads,
                _ => null,
            },
        })];
        foreach (SiteAutoencoder entry in _options.Autoencoders)
        {
            sites.Add(new StoreSite { Name = entry.Site.ToString(), Kind = StoreSiteKind.Sparse, Width = entry.Autoencoder.FeatureCount, Reads = entry.IsTranscoder ? entry.InputSite.ToString() : null });
            sites.Add(new StoreSite { Name = SiteAutoencoder.ErrorName(entry.Site.ToString()), Kind = StoreSiteKind.Dense, Width = entry.Autoencoder.OutputWidth });
        }

        sites.Add(new StoreSite { Name = FinalResidualSite, Kind = StoreSiteKind.Dense, Width = description.Width });
        SortedDictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["layers"] = Text(description.Layers),
            ["heads"] = Text(description.Attention.Heads),
            ["width"] = Text(description.Width),
            ["sublayers"] = description.ParallelSublayers ? "parallel" : "sequential",
            ["maximum_tokens"] = Text(_maximumTokens),
            ["text_column"] = _text.Options.TextColumn ?? string.Empty,
            ["label_column"] = _text.Options.LabelColumn ?? string.Empty,
        };
        if (description.NormalizesSublayerOutputs)
        {
            settings[SublayerOutputsSetting] = NormalizedOutputs;
        }

        if (_options.Answers is { } answers)
        {
            settings["answer_columns"] = $"{answers.First},{answers.Second}";
        }

        return new ActivationStoreManifest
        {
            Pooling = _options.Pooling,
            Sites = sites,
            Targets = _options.Answers is null ? [LogProbabilityTarget] : [LogProbabilityTarget, LogitDifferenceTarget, AnswerLogProbabilityTarget],
            LabelClasses = _text.LabelClasses,
            RowsPerShard = _options.Partition?.RowsPerShard ?? ActivationStoreManifest.ChooseRowsPerShard(sites, _options.Pooling),
            Provenance = new StoreProvenance
            {
                Model = new StoreSource(modelFolder, ModelFingerprint.Sha256(modelFolder)),
                Tokenizer = new StoreSource(string.Join(", ", _tokenizer.Files), _tokenizer.Sha256),
                Text = new StoreSource(Path.GetFileName(_text.Path), _text.Sha256),
                Saes = _options.Autoencoders.ToDictionary(
                    entry => entry.Site.ToString(),
                    entry => new StoreSource(entry.Autoencoder.Provenance.Path, SparseAutoencoderFingerprint.Sha256(entry.Autoencoder))),
                BosPolicy = _tokenizer.BeginningOfSequenceId is int id ? $"token {id} before every text, as {_tokenizer.Files[0]} says" : $"none, as {_tokenizer.Files[0]} says",
                BatchPartition = _batches.ToString(),
                Backend = MatrixBackend.Default.Name,
                Settings = settings,
            },
        };
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
