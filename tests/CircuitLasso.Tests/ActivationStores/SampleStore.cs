namespace CircuitLasso.Tests;

/// <summary>
/// A small store whose every number is a plain function of the text, the position and the site, so that any way of writing it has one right result.
/// </summary>
internal sealed class SampleStore(Pooling pooling, int texts = 41, int rowsPerShard = 8)
{
    public static readonly StoreConstant Constant = new("output_matrix.0", [6, 4], Enumerable.Range(0, 24).Select(i => i / 8f).ToArray());

    private static readonly string[] _targets = ["logprob", "logit: are"];

    public ActivationStoreManifest Manifest { get; } = new()
    {
        Pooling = pooling,
        Sites =
        [
            new() { Name = "embed", Kind = StoreSiteKind.Dense, Width = 4 },
            new() { Name = "resid_post.0", Kind = StoreSiteKind.Sparse, Width = 1000 },
            new() { Name = "attn_z.0", Kind = StoreSiteKind.Dense, Width = 6, Heads = 2 },
        ],
        Targets = _targets,
        LabelClasses = ["bad", "good", "odd"],
        RowsPerShard = rowsPerShard,
        Provenance = new()
        {
            Model = new("tiny", Hash('a')),
            Tokenizer = new("tiny", Hash('b')),
            Text = new("text.tsv", Hash('c')),
            Saes = new Dictionary<string, StoreSource> { ["resid_post.0"] = new("sae", Hash('d')) },
            BosPolicy = "always",
            BatchPartition = "16 texts",
            Backend = "scalar",
            Settings = new Dictionary<string, string> { ["text_column"] = "4", ["label_column"] = "2" },
        },
    };

    /// <summary>All rows. Every seventh text has none, and one text has more rows than a shard.</summary>
    public IReadOnlyList<StoreRow> Rows { get; } =
    [
        .. Enumerable.Range(0, texts).Where(text => text % 7 != 3).SelectMany(text =>
            Enumerable.Range(0, pooling == Pooling.None ? Length(text) : 1).Select(position => new StoreRow(
                text, Length(text), text % 3, pooling == Pooling.None ? position : 0, pooling == Pooling.None ? 100 + (text * position) : 0))),
    ];

    public static string Hash(char digit) => new(digit, 64);

    public static float[] Dense(StoreRow row, StoreSite site) =>
        [.. Enumerable.Range(0, site.Width).Select(i => row.Text + (row.Position / 16f) + (i / 64f) - site.Width)];

    public static float Target(StoreRow row, string name) => (row.Text * name.Length) - row.Position + 0.25f;

    // Rows of no value, of one, and of several.
    public static (int Index, float Value)[] Sparse(StoreRow row) =>
        [.. Enumerable.Range(0, (row.Text + row.Position) % 4).Select(i => ((i * 300) + (row.Text % 100), 0.5f + i + row.Position))];

    /// <summary>Writes the rows in batches of some texts, from the one that the store asks for on, as a collector does.</summary>
    public void Write(string folder, int textsPerBatch, Action<string>? beforeOperation = null, int stopBeforeText = int.MaxValue)
    {
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, Manifest, [Constant], beforeOperation);
        if (writer.IsComplete)
        {
            return;
        }

        // A collector's batches are the same in every run: it begins with the one that holds the first text that is wanted.
        for (int text = writer.CompletedTexts / textsPerBatch * textsPerBatch; text < texts; text += textsPerBatch)
        {
            if (text >= stopBeforeText)
            {
                return;
            }

            WriteBatch(writer, [.. Rows.Where(row => row.Text >= text && row.Text < text + textsPerBatch)]);
        }

        writer.Complete();
    }

    public void WriteBatch(ActivationStoreWriter writer, StoreRow[] rows)
    {
        writer.BeginBatch(rows);
        foreach (StoreSite site in Manifest.Sites)
        {
            if (site.Kind == StoreSiteKind.Dense)
            {
                // In two calls, as from a padded batch.
                float[] values = [.. rows.SelectMany(row => Dense(row, site))];
                int half = rows.Length / 2 * site.Width;
                writer.WriteDense(site.Name, values.AsSpan(0, half));
                writer.WriteDense(site.Name, values.AsSpan(half));
                continue;
            }

            (int Index, float Value)[][] features = [.. rows.Select(Sparse)];
            List<long> indptr = [0];
            foreach ((int Index, float Value)[] row in features)
            {
                indptr.Add(indptr[^1] + row.Length);
            }

            writer.WriteSparse(
                site.Name, indptr.ToArray(), features.SelectMany(row => row).Select(f => f.Index).ToArray(), features.SelectMany(row => row).Select(f => f.Value).ToArray());
        }

        foreach (string target in _targets)
        {
            writer.WriteTarget(target, rows.Select(row => Target(row, target)).ToArray());
        }

        writer.EndBatch();
    }

    /// <summary>The names and bytes of all files in a folder.</summary>
    public static Dictionary<string, string> Files(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).ToDictionary(path => Path.GetFileName(path), path => Convert.ToHexString(File.ReadAllBytes(path)));

    private static int Length(int text) => text == 18 ? 40 : 1 + (text % 5);
}
