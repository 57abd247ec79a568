using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>Reads how a program's model is trained; what is left out, or null, has the default of <see cref="SiitOptions"/>.</summary>
internal static class TrainingReader
{
    // The last ones describe InterpBench's own runs and have no counterpart here.
    private static readonly HashSet<string> _known =
    [
        "lr", "lr_scheduler", "adam_betas", "clip_grad_norm", "batch_size", "iit_weight", "behavior_weight", "strict_weight", "siit_sampling", "early_stop_accuracy_threshold", "seed",
        "steps", "steps_per_evaluation", "evaluation_pairs", "favours_lagging", "outside_scale",
        "use_single_loss", "epochs", "epochs_default", "val_iia_sampling", "next_token", "include_mlp", "samples_default", "test_fraction", "note",
    ];

    public static SiitOptions Read(ProgramJson json, JsonElement root)
    {
        SiitOptions usual = new();
        if (ProgramJson.Optional(root, "training") is not { } training)
        {
            return usual;
        }

        json.RequireMembers(training, "'training'", _known);
        if (json.Flag(training, "next_token", absent: false))
        {
            throw json.Error("'next_token' asks for outputs at all positions of a sentence, which is not offered");
        }

        (float beta1, float beta2) = Betas(json, training, usual);
        return usual with
        {
            LearningRate = (float)json.Number(training, "lr", 1e-8, 1, usual.LearningRate),
            Schedule = json.OptionalText(training, "lr_scheduler") switch
            {
                null => usual.Schedule,
                "cosine" => SiitSchedule.Cosine,
                "linear" => SiitSchedule.Linear,
                "constant" => SiitSchedule.Constant,
                _ => throw json.Error("'lr_scheduler' is none of 'cosine', 'linear', 'constant'"),
            },
            Beta1 = beta1,
            Beta2 = beta2,
            GradientClip = json.Number(training, "clip_grad_norm", 1e-8, 1e8, usual.GradientClip),
            PairsPerStep = json.Integer(training, "batch_size", 1, 1 << 16, usual.PairsPerStep),
            InterchangeWeight = (float)json.Number(training, "iit_weight", 0, 1_000, usual.InterchangeWeight),
            BehaviourWeight = (float)json.Number(training, "behavior_weight", 0, 1_000, usual.BehaviourWeight),
            StrictWeight = (float)json.Number(training, "strict_weight", 0, 1_000, usual.StrictWeight),
            Strictness = json.OptionalText(training, "siit_sampling") switch
            {
                null => usual.Strictness,
                "individual" => SiitStrictness.Individual,
                "sample_all" or "all" => SiitStrictness.All,
                "mixed" => SiitStrictness.Mixed,
                _ => throw json.Error("'siit_sampling' is none of 'individual', 'sample_all', 'all', 'mixed'"),
            },
            Threshold = ProgramJson.Optional(training, "early_stop_accuracy_threshold") is { } percent
                ? (double)((decimal)json.Number(percent, "'early_stop_accuracy_threshold'", 0, 100) / 100)
                : usual.Threshold,
            Seed = (ulong)json.Integer(training, "seed", 0, int.MaxValue, 0),
            Steps = json.Integer(training, "steps", 1, 10_000_000, usual.Steps),
            StepsPerEvaluation = json.Integer(training, "steps_per_evaluation", 1, 1_000_000, usual.StepsPerEvaluation),
            EvaluationPairs = json.Integer(training, "evaluation_pairs", 1, 100_000, usual.EvaluationPairs),
            FavoursLagging = json.Flag(training, "favours_lagging", usual.FavoursLagging),
            OutsideScale = (float)json.Number(training, "outside_scale", 0, 1_000, usual.OutsideScale),
        };
    }

    private static (float First, float Second) Betas(ProgramJson json, JsonElement training, SiitOptions usual)
    {
        if (ProgramJson.Optional(training, "adam_betas") is not { } element)
        {
            return (usual.Beta1, usual.Beta2);
        }

        JsonElement[] betas = json.List(element, "'adam_betas'", 2);
        return betas.Length == 2 ? (Beta(betas[0]), Beta(betas[1])) : throw json.Error("'adam_betas' are not two numbers");

        float Beta(JsonElement beta) => (float)json.Number(beta, "an entry of 'adam_betas'", 0, 0.999_999);
    }
}
