namespace CircuitLasso.InterpBench;

/// <summary>One line of the suite's table: a method, or a floor, on one case with the inputs of one seed. Immutable.</summary>
public sealed record SuiteRow
{
    /// <summary>The case.</summary>
    public required string Case { get; init; }

    /// <summary>Id of the case's program.</summary>
    public required string Program { get; init; }

    /// <summary>The method, or a floor of <see cref="CircuitFloors"/>.</summary>
    public required string Method { get; init; }

    /// <summary>Seed of the inputs.</summary>
    public required int Seed { get; init; }

    /// <summary>Against the truth by the flow of data.</summary>
    public required CircuitFigures Figures { get; init; }

    /// <summary>The same without true edges that no resampling can reveal.</summary>
    public required CircuitFigures VisibleFigures { get; init; }

    /// <summary>Structural Hamming distance to the truth by InterpBench's own rule.</summary>
    public required double UpstreamDistance { get; init; }

    /// <summary>Structural Hamming distance to the edges that exact patching finds in the model; null where that was not run.</summary>
    public double? ExactDistance { get; init; }

    /// <summary>Number of edges that exact patching finds; null where that was not run.</summary>
    public int? ExactTruth { get; init; }

    /// <summary>Seconds in all; null for a floor.</summary>
    public double? Seconds { get; init; }

    /// <summary>Seconds by kind of work: <c>collection</c>, <c>gradients</c>, <c>regression</c>, <c>patching</c>, where the method did any.</summary>
    public IReadOnlyDictionary<string, double> SecondsByKind { get; init; } = new Dictionary<string, double>();

    /// <summary>The most memory that the method held above what was held before, in bytes; null for a floor.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>Share of the model's right outputs, from its training's log; null where there is none.</summary>
    public double? Accuracy { get; init; }

    /// <summary>That share when everything outside the circuit is taken from another input.</summary>
    public double? AccuracyWithOutsideSwapped { get; init; }

    /// <summary>The method's scores; null for a floor.</summary>
    public EdgeScores? Scores { get; init; }

    /// <summary>What is true of the case by the flow of data.</summary>
    public required CircuitTruth Truth { get; init; }

    /// <summary>Whether <see cref="Method"/> is a floor.</summary>
    public bool IsFloor => Scores is null;

    /// <summary>The row's numbers by the names that files use, in their order; null where there is none.</summary>
    public IEnumerable<(string Name, double? Value)> Numbers() =>
    [
        ("shd", Figures.HammingDistance),
        ("shd_upstream", UpstreamDistance),
        ("shd_best", Figures.BestHammingDistance),
        ("auroc", Figures.AreaUnderCurve),
        ("average_precision", Figures.AveragePrecision),
        ("f1", Figures.F1),
        ("predicted", Figures.Predicted),
        ("truth", Figures.Truth),
        ("seconds", Seconds),
        ("peak_bytes", PeakBytes),
        ("shd_visible", VisibleFigures.HammingDistance),
        ("shd_best_visible", VisibleFigures.BestHammingDistance),
        ("auroc_visible", VisibleFigures.AreaUnderCurve),
        ("average_precision_visible", VisibleFigures.AveragePrecision),
        ("f1_visible", VisibleFigures.F1),
        ("truth_visible", VisibleFigures.Truth),
        ("shd_exact", ExactDistance),
        ("truth_exact", ExactTruth),
        ("seconds_collection", Kind("collection")),
        ("seconds_gradients", Kind("gradients")),
        ("seconds_regression", Kind("regression")),
        ("seconds_patching", Kind("patching")),
        ("accuracy", Accuracy),
        ("accuracy_outside_swapped", AccuracyWithOutsideSwapped),
    ];

    private double? Kind(string kind) => SecondsByKind.TryGetValue(kind, out double seconds) ? seconds : null;
}
