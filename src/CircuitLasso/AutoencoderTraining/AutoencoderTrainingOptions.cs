using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Settings of the training of a TopK autoencoder. Immutable.</summary>
public sealed record AutoencoderTrainingOptions
{
    // Gao et al. 2024, section 2.1 and appendix A: 2e-4 at 2^14 features, falling with the square root of their number.
    private const double ReferenceRate = 2e-4;
    private const double ReferenceFeatures = 1 << 14;

    /// <summary>Number of features, at least 2.</summary>
    public required int Features { get; init; }

    /// <summary>Features kept in a row, from 1 to the number of features.</summary>
    public required int K { get; init; }

    /// <summary>Steps in all; 4,000 unless set.</summary>
    public int Steps { get; init; } = 4_000;

    /// <summary>Rows of a step, drawn with replacement; 1,024 unless set.</summary>
    public int BatchRows { get; init; } = 1_024;

    /// <summary>The largest learning rate; null takes 2e-4 sqrt(2^14 / features). It rises over the first twentieth of the steps and falls to zero as half a cosine.</summary>
    public float? LearningRate { get; init; }

    /// <summary>A feature that was active on none of so many rows counts as dead and is drawn towards what the others leave; 100,000 unless set.</summary>
    public long DeadAfterRows { get; init; } = 100_000;

    /// <summary>Weight of the dead features' own loss; 1/32 unless set (Gao et al. 2024, appendix A.2). Zero leaves the dead alone.</summary>
    public float DeadWeight { get; init; } = 1 / 32f;

    /// <summary>Steps between evaluations; 500 unless set.</summary>
    public int StepsPerEvaluation { get; init; } = 500;

    /// <summary>Seed of the first weights and of the rows that are drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>The learning rate that holds.</summary>
    internal float PeakRate => LearningRate ?? (float)(ReferenceRate * Math.Sqrt(ReferenceFeatures / Features));

    internal void Check()
    {
        Require("--features", Features, Features is >= 2 and <= 1 << 20);
        Require("--k", K, K >= 1 && K <= Features);
        Require("--steps", Steps, Steps is >= 1 and <= 10_000_000);
        Require("--batch", BatchRows, BatchRows is >= 1 and <= 1 << 16);
        Require("--learning-rate", PeakRate, PeakRate is > 0 and <= 1);
        Require("--dead-after", DeadAfterRows, DeadAfterRows >= 1);
        Require("dead weight", DeadWeight, DeadWeight is >= 0 and <= 1);
        Require("steps between evaluations", StepsPerEvaluation, StepsPerEvaluation >= 1);
    }

    private static void Require(string name, double value, bool isWithin)
    {
        if (!isWithin)
        {
            throw new InputException(name, string.Create(CultureInfo.InvariantCulture, $"{value} is out of range"), "see --help");
        }
    }
}
