using System.Globalization;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary>What a run of <c>solve</c> was asked for, checked before anything is read.</summary>
internal sealed record SolveRequest
{
    public required string Design { get; init; }

    public required string? Targets { get; init; }

    public required string? Blocks { get; init; }

    public required string Out { get; init; }

    public required bool IsLogistic { get; init; }

    public required double? Lambda { get; init; }

    public required double? LambdaRatio { get; init; }

    public required int PathLength { get; init; }

    public required double Tolerance { get; init; }

    public required bool Intercept { get; init; }

    public required bool Standardize { get; init; }

    public required bool NonNegative { get; init; }

    public required int HalfSamples { get; init; }

    public required int Seed { get; init; }

    public required string? Memory { get; init; }

    /// <summary>Where the frequencies of <c>--stability</c> go: beside the coefficients.</summary>
    internal string StabilityOut => Path.Combine(Path.GetDirectoryName(Out) ?? "", Path.GetFileNameWithoutExtension(Out) + ".stability.npz");

    /// <summary>The limit of memory in bytes: what was asked for, or three quarters of what the machine has.</summary>
    internal long MemoryLimit => Memory is null ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3 : MemorySize.Parse("--memory", Memory);

    /// <summary>Refuses what does not go together.</summary>
    /// <exception cref="InputException">As said; the message tells which options.</exception>
    internal void Check()
    {
        OneOf("--lambda", Lambda is not null, "--lambda-ratio", LambdaRatio is not null);
        OneOf("--targets", Targets is not null, "--blocks", Blocks is not null);
        Positive("--lambda", Lambda, "at zero nothing is sparse and the answer need not be unique; give a number above zero");
        Positive("--lambda-ratio", LambdaRatio, "at zero nothing is sparse and the answer need not be unique; give a share of the largest lambda, 0.1 for instance");
        Positive("--tolerance", Tolerance, "give a relative duality gap above zero, 1e-4 for instance");
        Exclude(PathLength > 1 && LambdaRatio >= 1, "--path", "a path goes down from the largest lambda, and --lambda-ratio is not below 1", "give a share below 1");
        Exclude(IsLogistic && Blocks is not null, "--loss logistic", "blocks of numbers have no classes", "give --targets, with 1 for the rows of the class and 0 for the others");
        Exclude(IsLogistic && NonNegative, "--non-negative", "is for --loss squares only", "leave one of the two out");
        Exclude(IsLogistic && HalfSamples > 0, "--stability", "is for --loss squares only", "leave one of the two out");
        Exclude(IsLogistic && PathLength > 1 && Lambda is not null, "--path", "with --loss logistic the path is of each target's own lambdas", "give --lambda-ratio");
        Exclude(HalfSamples > 0 && PathLength > 1, "--stability", "is for one lambda, and --path asks for several", "leave one of the two out");
        Exclude(HalfSamples > 0 && Blocks is not null, "--stability", "is for --targets only; learn has it for blocks", "leave one of the two out");
        Exclude(HalfSamples % 2 != 0, "--stability", "half-samples come in pairs", "give an even number, 100 for instance");
        Exclude(!Out.EndsWith(".npz", StringComparison.OrdinalIgnoreCase), "--out", $"'{Out}' does not end in .npz, and scipy.sparse.load_npz reads no other", "name it so");
        _ = MemoryLimit;
    }

    /// <summary>The blocks of <c>--blocks</c>, in computation order.</summary>
    /// <exception cref="InputException">They are no widths, or do not cover the columns.</exception>
    internal BlockOrder Order(int columns)
    {
        List<RegressionBlock> blocks = [];
        long first = 0;
        foreach (string width in Blocks!.Split(','))
        {
            if (!int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out int size) || size < 1 || first + size > columns)
            {
                throw new InputException("--blocks", size > 0 ? $"the widths add up to more than the {columns} columns of {Design}" : $"'{width}' is no width", "give the widths of all blocks in computation order, such as 128,128,64");
            }

            blocks.Add(new RegressionBlock($"block {blocks.Count + 1}", (int)first, size, blocks.Count));
            first += size;
        }

        return first == columns && blocks.Count > 1
            ? new BlockOrder(blocks)
            : throw new InputException("--blocks", blocks.Count == 1 ? "one block has nothing before it that could explain it" : $"the widths add up to {first}, and {Design} has {columns} columns", "give the widths of all blocks in computation order, such as 128,128,64");
    }

    private static void OneOf(string first, bool hasFirst, string second, bool hasSecond)
    {
        if (hasFirst == hasSecond)
        {
            throw new InputException(first, hasFirst ? $"it and {second} are both given" : $"neither it nor {second} is given", "give one of the two");
        }
    }

    private static void Exclude(bool condition, string option, string problem, string remedy)
    {
        if (condition)
        {
            throw new InputException(option, problem, remedy);
        }
    }

    private static void Positive(string option, double? value, string remedy) =>
        Exclude(value is { } number && !(number > 0 && double.IsFinite(number)), option, $"{value?.ToString(CultureInfo.InvariantCulture)} is not a positive number", remedy);
}
