using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>One training in a folder: state while it runs, then the autoencoder as a SAELens folder with its log. The same call goes on where an interrupted one stopped.</summary>
public static class AutoencoderTraining
{
    /// <summary>File of the training's log beside the autoencoder.</summary>
    public const string LogFile = "training.json";

    private const string StateFile = "training-state.safetensors";

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Trains a TopK autoencoder on a dense site of a store.</summary>
    /// <param name="store">A finished store; it must stay open.</param>
    /// <param name="site">The site.</param>
    /// <param name="options">Settings.</param>
    /// <param name="folder">Where everything goes; it is made if need be.</param>
    /// <param name="evaluated">Called after every evaluation.</param>
    /// <param name="progress">Told of steps.</param>
    /// <param name="cancellation">Stops the training; what the last evaluation saved stays.</param>
    /// <returns>The evaluations; the last one is that of the autoencoder.</returns>
    /// <exception cref="InputException">A setting is out of range, the site cannot be trained on, or the folder holds a finished training, the state of another one, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<AutoencoderTrainingPoint> Run(
        ActivationStoreReader store, string site, AutoencoderTrainingOptions options, string folder, Action<AutoencoderTrainingPoint>? evaluated = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (File.Exists(Path.Combine(folder, LogFile)))
        {
            throw new InputException(folder, "already holds a finished training", "choose another folder");
        }

        string state = Path.Combine(folder, StateFile);
        using AutoencoderTrainer trainer = AutoencoderTrainer.ForStore(store, site, options);
        Directory.CreateDirectory(folder);
        if (File.Exists(state))
        {
            trainer.LoadState(state);
        }

        while (!trainer.IsDone)
        {
            AutoencoderTrainingPoint point = trainer.TrainToNextEvaluation(progress, cancellation);
            trainer.SaveState(state);
            evaluated?.Invoke(point);
        }

        using (SparseAutoencoder autoencoder = trainer.Export(Provenance(store, site)))
        {
            SaeLensFolder.Save(autoencoder, folder);
        }

        AtomicFile.WriteAllText(Path.Combine(folder, LogFile), Log(store, site, options, trainer.Points));
        File.Delete(state);
        return [.. trainer.Points];
    }

    private static SparseAutoencoderProvenance Provenance(ActivationStoreReader store, string site)
    {
        Site? known = SiteOrNull(site);
        return new SparseAutoencoderProvenance
        {
            Format = "saelens",
            InputSite = known,
            OutputSite = known,
            HookName = known is null ? site : null,
            ModelName = store.Manifest.Provenance.Model is { } model ? Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)) : null,
            PrependsBeginning = store.Manifest.Provenance.BosPolicy is { } policy ? policy.StartsWith("token ", StringComparison.Ordinal) : null,
        };
    }

    // A store that somebody else wrote may call its sites what it likes.
    private static Site? SiteOrNull(string name)
    {
        try
        {
            return Site.Parse(name);
        }
        catch (InputException)
        {
            return null;
        }
    }

    private static string Log(ActivationStoreReader store, string site, AutoencoderTrainingOptions options, IReadOnlyList<AutoencoderTrainingPoint> points) =>
        JsonSerializer.Serialize(
            new
            {
                Site = site,
                Pooling = store.Manifest.Pooling.ToString().ToLowerInvariant(),
                Model = store.Manifest.Provenance.Model?.Sha256,
                Text = store.Manifest.Provenance.Text?.Sha256,
                Rows = store.RowCount,
                Backend = MatrixBackend.Default.Name,
                options.Features,
                options.K,
                options.Steps,
                options.BatchRows,
                LearningRate = options.PeakRate,
                options.DeadAfterRows,
                options.DeadWeight,
                options.Seed,
                points[^1].ExplainedVariance,
                points[^1].ActiveFeatures,
                points[^1].DeadFeatures,
                Evaluations = points,
            },
            _json) + "\n";
}
