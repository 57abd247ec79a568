using System.CommandLine;
using System.Globalization;

namespace CircuitLasso.Cli;

/// <summary><c>sae train</c>.</summary>
internal sealed class SaeTrainCommand : ToolCommand
{
    private readonly Option<string> _store = new("--store") { Description = "A store of 'collect'; with --pool none every token is a row.", HelpName = "STORE", Required = true };

    private readonly Option<string> _site = new("--site") { Description = "The site of the store to train on, such as resid_post.3.", HelpName = "SITE", Required = true };

    private readonly Option<int> _features = new("--features") { Description = "Number of features; often 8 to 32 times the width of the site.", HelpName = "N", Required = true };

    private readonly Option<int> _k = new("--k") { Description = "Features that are active in a row.", HelpName = "K", Required = true };

    private readonly Option<string> _out = new("--out") { Description = "Folder of the autoencoder and its log.", HelpName = "DIR", Required = true };

    private readonly Option<int> _steps = new("--steps") { Description = "Steps of training.", HelpName = "N", DefaultValueFactory = _ => 4_000 };

    private readonly Option<int> _batch = new("--batch") { Description = "Rows of a step.", HelpName = "N", DefaultValueFactory = _ => 1_024 };

    private readonly Option<double?> _rate = new("--learning-rate") { Description = "The largest learning rate [default: 0.0002 times the root of 16384 / features].", HelpName = "X" };

    private readonly Option<long> _deadAfter = new("--dead-after")
    {
        Description = "A feature that was active in none of so many rows counts as dead and is drawn towards what the others leave.",
        HelpName = "N",
        DefaultValueFactory = _ => 100_000,
    };

    private readonly Option<long> _seed = new("--seed") { Description = "Seed of the first weights and of the rows drawn.", HelpName = "N", DefaultValueFactory = _ => 0 };

    internal SaeTrainCommand()
        : base(
            "train",
            "Train a TopK sparse autoencoder on a store, and write it as SAELens does (cfg.json and sae_weights.safetensors).\n\n"
            + "The last tenth of the rows (4,096 at most) is held out: explained variance is measured there. An interrupted training goes on with the same command, "
            + "from the last evaluation.")
    {
        Add(_store);
        Add(_site);
        Add(_features);
        Add(_k);
        Add(_out);
        Add(_steps);
        Add(_batch);
        Add(_rate);
        Add(_deadAfter);
        Add(_seed);
    }

    internal override bool Resumes => true;

    internal override int Run(ParseResult options, CommandContext context)
    {
        long seed = options.GetValue(_seed);
        if (seed < 0)
        {
            throw new Numerics.InputException("--seed", $"{seed} is negative", "give a whole number from 0");
        }

        string site = options.GetRequiredValue(_site), folder = options.GetRequiredValue(_out);
        AutoencoderTrainingOptions training = new()
        {
            Features = options.GetRequiredValue(_features),
            K = options.GetRequiredValue(_k),
            Steps = options.GetValue(_steps),
            BatchRows = options.GetValue(_batch),
            LearningRate = (float?)options.GetValue(_rate),
            DeadAfterRows = options.GetValue(_deadAfter),
            Seed = (ulong)seed,
        };
        using ActivationStoreReader store = ActivationStoreReader.Open(options.GetRequiredValue(_store));
        int width = store.Site(site).Width;
        context.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"{site}: {store.RowCount:N0} rows of {width}, {training.Features:N0} features, {training.K} of them in a row; about {Math.Max(1, AutoencoderTrainer.EstimateBytes(width, training) >> 20)} MiB"));
        IReadOnlyList<AutoencoderTrainingPoint> points;
        using (ProgressReport progress = context.StartProgress())
        {
            points = AutoencoderTraining.Run(store, site, training, folder, null, progress, context.Cancellation);
        }

        AutoencoderTrainingPoint last = points[^1];
        context.Print(
            output => output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {100 * last.ExplainedVariance:F1} % of the held-out variance explained, {last.ActiveFeatures:F1} features active in a row, {last.DeadFeatures:N0} of {training.Features:N0} dead")),
            json =>
            {
                json.WriteString("folder", folder);
                json.WriteString("site", site);
                json.WriteNumber("explained_variance", last.ExplainedVariance);
                json.WriteNumber("active_features", last.ActiveFeatures);
                json.WriteNumber("dead_features", last.DeadFeatures);
            });
        return ExitCode.Done;
    }
}
