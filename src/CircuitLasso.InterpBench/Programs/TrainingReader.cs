using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>Reads how a program's model is trained; what is left out has its default.</summary>
internal static class TrainingReader
{
    // The last ones describe the published runs and are not used.
    private static readonly HashSet<string> _known =
    [
        "lr", "use_single_loss", "iit_weight", "behavior_weight", "strict_weight", "epochs", "epochs_default", "clip_grad_norm", "lr_scheduler", "siit_sampling",
        "val_iia_sampling", "early_stop_accuracy_threshold", "seed", "batch_size", "adam_betas", "next_token",
        "include_mlp", "samples_default", "test_fraction", "note",
    ];

    public static TrainingSettings Read(ProgramJson json, JsonElement root)
    {
        TrainingSettings usual = new();
        if (ProgramJson.Optional(root, "training") is not { } training)
        {
            return usual;
        }

        json.RequireMembers(training, "'training'", _known);
        if (json.Flag(training, "next_token", absent: false))
        {
            throw json.Error("'next_token' asks for outputs at all positions of a sentence, which is not offered");
        }

        return usual with
        {
            LearningRate = json.Number(training, "lr", 1e-8, 10, usual.LearningRate),
            AdamDecay = Decay(json, training, usual.AdamDecay),
            BatchSize = json.Integer(training, "batch_size", 1, 1 << 16, usual.BatchSize),
            InterchangeWeight = json.Number(training, "iit_weight", 0, 1_000, usual.InterchangeWeight),
            BehaviourWeight = json.Number(training, "behavior_weight", 0, 1_000, usual.BehaviourWeight),
            StrictWeight = json.Number(training, "strict_weight", 0, 1_000, usual.StrictWeight),
            UsesSingleLoss = json.Flag(training, "use_single_loss", usual.UsesSingleLoss),
            MaximumEpochs = json.Integer(training, "epochs", 1, 1_000_000, json.Integer(training, "epochs_default", 1, 1_000_000, usual.MaximumEpochs)),
            GradientClip = json.Number(training, "clip_grad_norm", 1e-8, 1e8, usual.GradientClip),
            HasLinearSchedule = json.OptionalText(training, "lr_scheduler") switch
            {
                null => false,
                "linear" => true,
                _ => throw json.Error("'lr_scheduler' is neither null nor 'linear'"),
            },
            StrictSampling = json.OptionalText(training, "siit_sampling") switch
            {
                null => usual.StrictSampling,
                "individual" or "sample_all" or "all" => json.OptionalText(training, "siit_sampling")!,
                _ => throw json.Error("'siit_sampling' is none of 'individual', 'sample_all', 'all'"),
            },
            ValidatesAllNodes = json.OptionalText(training, "val_iia_sampling") switch
            {
                null or "random" => false,
                "all" => true,
                _ => throw json.Error("'val_iia_sampling' is neither 'random' nor 'all'"),
            },
            AccuracyThreshold = json.Number(training, "early_stop_accuracy_threshold", 0, 100, usual.AccuracyThreshold),
            Seed = ProgramJson.Optional(training, "seed") is { } seed ? json.Integer(seed, "'seed'", 0, int.MaxValue) : null,
        };
    }

    private static (double First, double Second) Decay(ProgramJson json, JsonElement training, (double First, double Second) usual)
    {
        if (ProgramJson.Optional(training, "adam_betas") is not { } element)
        {
            return usual;
        }

        JsonElement[] betas = json.List(element, "'adam_betas'", 2);
        return betas.Length == 2
            ? (json.Number(betas[0], "an entry of 'adam_betas'", 0, 0.999_999), json.Number(betas[1], "an entry of 'adam_betas'", 0, 0.999_999))
            : throw json.Error("'adam_betas' are not two numbers");
    }
}
