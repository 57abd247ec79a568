using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso circuit report</c>.</summary>
internal sealed class CircuitReportCommand : ToolCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The circuit file." };

    private readonly Option<int> _features = new Option<int>("--features")
    {
        Description = "How many features are described at most, the most relevant.",
        HelpName = "N",
        DefaultValueFactory = _ => FeatureReport.DefaultFeatures,
    }.AtLeast(1);

    private readonly Option<string[]> _saes = new("--sae")
    {
        Description = "The autoencoders that the features are of, each as PATH, SITE=PATH, or INPUT:OUTPUT=PATH for a transcoder, where PATH is " + HubArguments.Autoencoder + ": adds which concepts persist, merge and are dropped, by their decoder directions, and which pairs look spurious, by the effects too that circuit phenomena has measured.",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _out = new("--out") { Description = "The web page to write; an older one is replaced.", HelpName = "FILE.html", Required = true };

    internal CircuitReportCommand()
        : base("report", "Write a circuit of features as a web page: its graph by layers, and each feature with its name, its examples and what it reads.")
    {
        Add(_file);
        Add(_features);
        Add(_saes);
        Add(_out);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string file = options.GetRequiredValue(_file);
        string outFile = options.GetRequiredValue(_out);
        OutputFile.Require(outFile, file);
        Circuit circuit = CircuitFile.Read(file);
        context.Cancellation.ThrowIfCancellationRequested();
        FeatureReport.Create(circuit, options.GetValue(_features), Phenomena(circuit, HubArguments.Autoencoders(options.GetValue(_saes) ?? [], context))).Write(outFile);
        long bytes = new FileInfo(outFile).Length;
        context.Print(
            text => text.WriteLine(FormattableString.Invariant($"{outFile}: {bytes} bytes")),
            json =>
            {
                json.WriteString("out", outFile);
                json.WriteNumber("bytes", bytes);
            });
        return ExitCode.Done;
    }

    private static FeaturePhenomena? Phenomena(Circuit circuit, string[] saes)
    {
        if (saes.Length == 0)
        {
            return null;
        }

        using CircuitAutoencoders autoencoders = CircuitAutoencoders.Load(saes, circuit);
        return FeaturePhenomena.Find(circuit.WithoutCandidates(), name => autoencoders.Direction(name.ToString()));
    }
}
