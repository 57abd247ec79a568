using System.Globalization;

namespace CircuitLasso.GrammarTraining;

/// <summary>Everything that decides the trained weights.</summary>
internal sealed record TrainingSettings
{
    public string Output { get; init; } = Path.Combine("assets", "grammar");

    public int Steps { get; init; } = 4000;

    public int SentencesPerStep { get; init; } = 128;

    public int Layers { get; init; } = 4;

    public int Heads { get; init; } = 4;

    public int Width { get; init; } = 64;

    public int Positions { get; init; } = 24;

    public float LearningRate { get; init; } = 3e-3f;

    public float WeightDecay { get; init; } = 0.1f;

    public ulong Seed { get; init; } = 1;

    public static TrainingSettings Parse(string[] arguments)
    {
        TrainingSettings settings = new();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value");
            settings = arguments[i] switch
            {
                "--out" => settings with { Output = value },
                "--steps" => settings with { Steps = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seed" => settings with { Seed = ulong.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"unknown option {arguments[i]}; there are --out DIR, --steps N and --seed N"),
            };
        }

        return settings;
    }
}
