using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// Shows the texts of a store whose positions are pooled: as they stand in the text file and, where the model and the autoencoders are at hand, with the tokens that fire.
/// </summary>
public sealed class PooledTexts
{
    private const int LongestText = 1000;

    // Tokens shown before and after the strongest one.
    private const int Before = 20;
    private const int After = 8;

    private readonly TextSource _texts;
    private readonly TokenFeatures? _features;

    private PooledTexts(TextSource texts, TokenFeatures? features)
    {
        _texts = texts;
        _features = features;
    }

    /// <summary>Opens the text file that a store was made from.</summary>
    /// <param name="store">The store.</param>
    /// <param name="path">The file; its columns are read as the store's provenance says.</param>
    /// <param name="features">Computes the features of every token; null leaves the tokens out.</param>
    /// <exception cref="InputException">The file cannot be read, or the store was made from another.</exception>
    public static PooledTexts Open(ActivationStoreReader store, string path, TokenFeatures? features = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        IReadOnlyDictionary<string, string> settings = store.Manifest.Provenance.Settings;
        TextSource texts = TextSource.Open(path, new TextOptions
        {
            TextColumn = Setting("text_column"),
            LabelColumn = Setting("label_column"),
            KeptColumns = Setting("answer_columns")?.Split(',') ?? [],
            AllowEmptyText = true,
        });
        if (store.Manifest.Provenance.Text is { } source && source.Sha256 != texts.Sha256)
        {
            throw new InputException(path, $"is not the text of {store.Folder}", $"give {source.Name} as it was when the store was collected");
        }

        return new PooledTexts(texts, features);

        string? Setting(string name) => settings.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>The examples of each feature, strongest first.</summary>
    internal IReadOnlyDictionary<FeatureName, CircuitExample[]> Show(IReadOnlyList<FeatureObservation> observations, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ILookup<int, FeatureName> wanted = observations.SelectMany(observation => observation.Strongest.Select(text => (text.Text, observation.Name))).ToLookup(pair => pair.Text, pair => pair.Name);
        Dictionary<(FeatureName, int), (string Text, ExampleToken[] Tokens)> shown = [];
        int done = 0;
        foreach (TextRow row in _texts.ReadRows().Where(row => wanted.Contains(row.Index)))
        {
            cancellation.ThrowIfCancellationRequested();
            Dictionary<FeatureName, ExampleToken[]> tokens = _features?.Of(row.Text, wanted[row.Index]) ?? [];
            foreach (FeatureName name in wanted[row.Index])
            {
                shown[(name, row.Index)] = tokens.TryGetValue(name, out ExampleToken[]? all) && Around(all) is { } some
                    ? (string.Concat(some.Select(token => token.Text)), some)
                    : (row.Text.Length <= LongestText ? row.Text : row.Text[..(LongestText - 1)] + "…", []);
            }

            progress?.Report(new WorkProgress("reading examples", ++done, wanted.Count, "texts"));
        }

        if (wanted.FirstOrDefault(text => !shown.ContainsKey((text.First(), text.Key))) is { } missing)
        {
            throw new InputException(_texts.Path, $"has {_texts.RowCount} texts, and the store one of row {missing.Key}", "give the text file that the store was made from");
        }

        return observations.ToDictionary(observation => observation.Name, observation => observation.Strongest.Select(text =>
        {
            (string content, ExampleToken[] tokens) = shown[(observation.Name, text.Text)];
            return new CircuitExample(observation.Name.ToString(), content, text.Value) { Tokens = tokens };
        }).ToArray());
    }

    private static ExampleToken[] Around(ExampleToken[] tokens)
    {
        int peak = 0;
        for (int i = 1; i < tokens.Length; i++)
        {
            peak = tokens[i].Value > tokens[peak].Value ? i : peak;
        }

        int first = Math.Max(0, peak - Before);
        return tokens[first..Math.Min(tokens.Length, peak + After + 1)];
    }
}
