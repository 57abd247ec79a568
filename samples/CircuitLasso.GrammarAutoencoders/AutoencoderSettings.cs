using System.Globalization;

namespace CircuitLasso.GrammarAutoencoders;

/// <summary>Everything that decides the trained weights.</summary>
internal sealed record AutoencoderSettings
{
    public string Output { get; init; } = Path.Combine("assets", "grammar", "saes");

    public int Sentences { get; init; } = 30_000;

    public int Features { get; init; } = 512;

    public int K { get; init; } = 8;

    public int Steps { get; init; } = 4_000;

    public float LearningRate { get; init; } = 2e-3f;

    public ulong Seed { get; init; }

    public static AutoencoderSettings Parse(string[] arguments)
    {
        AutoencoderSettings settings = new();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value");
            settings = arguments[i] switch
            {
                "--out" => settings with { Output = value },
                "--sentences" => settings with { Sentences = int.Parse(value, CultureInfo.InvariantCulture) },
                "--features" => settings with { Features = int.Parse(value, CultureInfo.InvariantCulture) },
                "--k" => settings with { K = int.Parse(value, CultureInfo.InvariantCulture) },
                "--steps" => settings with { Steps = int.Parse(value, CultureInfo.InvariantCulture) },
                "--learning-rate" => settings with { LearningRate = float.Parse(value, CultureInfo.InvariantCulture) },
                "--seed" => settings with { Seed = ulong.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"unknown option {arguments[i]}; there are --out DIR, --sentences N, --features N, --k N, --steps N, --learning-rate X and --seed N"),
            };
        }

        return settings;
    }
}
