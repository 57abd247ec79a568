namespace CircuitLasso.Cli;

/// <summary>Every command of the tool, in the order in which help lists them.</summary>
internal static class CommandTable
{
    /// <summary>The groups of commands that share a first word, with what help says of them.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Groups = new Dictionary<string, string>
    {
        ["model"] = "Look at models and check them.",
        ["sae"] = "Look at sparse autoencoders and transcoders, and train autoencoders.",
        ["circuit"] = "Look at circuit files, compare them, and name and test their features.",
        ["bench"] = "Models whose circuit is known: train them, and run discovery methods on them.",
    };

    /// <summary>Creates the commands; <c>Group</c> is the first word of a two-word command, or null.</summary>
    internal static IEnumerable<(string? Group, ToolCommand Command)> Create() =>
    [
        (null, new DemoCommand()),
        (null, new ColaCommand()),
        (null, new FetchCommand()),
        ("model", new ModelInfoCommand()),
        ("model", new ModelCheckCommand()),
        ("model", new ModelTokenizeCommand()),
        ("model", new ModelConvertCommand()),
        ("model", new ModelRandomCommand()),
        ("sae", new SaeInfoCommand()),
        ("sae", new SaeTrainCommand()),
        (null, new CollectCommand()),
        (null, new LearnCommand()),
        (null, new DiscoverCommand()),
        (null, new EvaluateCommand()),
        ("circuit", new CircuitShowCommand()),
        ("circuit", new CircuitNameCommand()),
        ("circuit", new CircuitPhenomenaCommand()),
        ("circuit", new CircuitReportCommand()),
        ("circuit", new CircuitCompareCommand()),
        (null, new ExportCommand()),
        (null, new SolveCommand()),
        ("bench", new BenchTrainCommand()),
        ("bench", new BenchInterpBenchCommand()),
    ];
}
