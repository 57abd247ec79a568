using System.CommandLine;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso circuit name</c>.</summary>
internal sealed class CircuitNameCommand : ToolCommand
{
    private const int MostExamples = 100;
    private readonly Argument<string> _file = new("FILE") { Description = "The circuit file." };
    private readonly Option<string?> _store = new("--store") { Description = "A store with the features of the circuit's sites: gives examples, frequencies and histograms.", HelpName = "STORE" };
    private readonly Option<string?> _model = new("--model") { Description = "The model's folder or its name on the hub: its tokenizer shows tokens, and with --sae its unembedding says which tokens a feature promotes.", HelpName = "MODEL" };

    private readonly Option<string[]> _saes = new("--sae")
    {
        Description = "The autoencoders that the features are of, each as PATH, SITE=PATH where its files do not name the site, or INPUT:OUTPUT=PATH for a transcoder; PATH is " + HubArguments.Autoencoder + ".",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _text = new("--text") { Description = "Where the store's positions are pooled: the text file it was collected from; with --model and --sae its tokens that fire are found.", HelpName = "FILE" };

    private readonly Option<string[]> _labels = new("--labels")
    {
        Description = "Labels as JSON lines, plain or compressed with gzip: lines {\"node\": ..., \"label\": ...} of one's own, annotations, or Neuronpedia's dumps of explanations or features.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _neuronpedia = new("--neuronpedia")
    {
        Description = "The features' source on Neuronpedia as [SITE=]MODEL/SOURCE, such as gpt2-small/{L}-res_post_32k-oai; {L} stands for a site's layer [default: as the autoencoders' files say].",
        HelpName = "SOURCE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int> _examples = new Option<int>("--examples")
    {
        Description = "Examples of each feature.",
        HelpName = "N",
        DefaultValueFactory = _ => FeatureNaming.DefaultExamples,
    }.AtLeast(1);

    private readonly Option<string> _out = new("--out") { Description = "The circuit file with names.", HelpName = "FILE.circuit", Required = true };

    internal CircuitNameCommand()
        : base(
            "name",
            "Say what the features of a circuit are: texts on which they are strong, tokens that they promote, labels, pages on Neuronpedia.\n\n"
            + "A feature that has no label is called by the tokens on which it is strongest.")
    {
        Add(_file);
        Add(_store);
        Add(_model);
        Add(_saes);
        Add(_text);
        Add(_labels);
        Add(_neuronpedia);
        Add(_examples);
        Add(_out);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string file = options.GetRequiredValue(_file);
        string outFile = options.GetRequiredValue(_out);
        string[] labelFiles = options.GetValue(_labels) ?? [];
        string? store = options.GetValue(_store);
        string? model = options.GetValue(_model);
        string? text = options.GetValue(_text);
        string[] saes = options.GetValue(_saes) ?? [];
        int examples = options.GetValue(_examples);
        Require(examples <= MostExamples, "--examples", FormattableString.Invariant($"{examples} is more than {MostExamples}"), "give fewer");
        Require(store is not null || text is null, "--text", "needs --store", "name the store that says on which texts features are strong");
        Require(saes.Length == 0 || model is not null, "--sae", "needs --model", "name the model that the autoencoders were made for");
        OutputFile.Require(outFile, [file, .. labelFiles]);
        Circuit circuit = CircuitFile.Read(file);
        using CircuitModel? run = model is null ? null : CircuitModel.Load(HubArguments.ModelFolder(model, context), HubArguments.Autoencoders(saes, context), circuit);
        circuit = FeatureNaming.AddSources(circuit, NeuronpediaSources.Of(circuit, options.GetValue(_neuronpedia) ?? [], run?.Autoencoders));
        if (run is { Autoencoders.Count: > 0, Model.Description.PredictsTokens: true })
        {
            circuit = FeatureNaming.AddTokenEffects(circuit, new UnembeddingEffects(run.Model), run.Direction, run.TokenText, cancellation: context.Cancellation);
        }

        if (store is not null)
        {
            circuit = AddExamples(circuit, store, text, run, examples, context);
        }

        FeatureLabels labels = new(circuit);
        int used = 0;
        foreach (string labelFile in labelFiles)
        {
            int lines = labels.Read(labelFile, context.Cancellation);
            used += lines;
            context.Message(FormattableString.Invariant($"{labelFile}: {lines} lines speak of the circuit"));
        }

        circuit = labels.Apply(circuit);
        context.Cancellation.ThrowIfCancellationRequested();
        CircuitFile.Write(circuit, outFile);
        CircuitNode[] features = [.. circuit.NodesInCircuit().Select(name => circuit[name]).Where(node => node.Kind == CircuitNodeKind.Feature)];
        context.Print(
            output => output.WriteLine(FormattableString.Invariant(
                $"{outFile}: {features.Length} features, {features.Count(node => node.Label is not null)} with a label, {circuit.Examples.Select(example => example.Node).Distinct().Count()} with examples")),
            json =>
            {
                json.WriteString("out", outFile);
                json.WriteNumber("features", features.Length);
                json.WriteNumber("labelled", features.Count(node => node.Label is not null));
                json.WriteNumber("label_lines", used);
                json.WriteNumber("examples", circuit.Examples.Count);
                json.WriteNumber("profiles", circuit.Profiles.Count);
            });
        return ExitCode.Done;
    }

    private static Circuit AddExamples(Circuit circuit, string folder, string? text, CircuitModel? run, int examples, CommandContext context)
    {
        using ActivationStoreReader store = ActivationStoreReader.Open(folder);
        bool isPooled = store.Manifest.Pooling != Pooling.None;
        Require(isPooled || run is not null, "--store", "has a row for every token, which only a tokenizer can show", "name the model with --model");
        Require(isPooled || text is null, "--text", "is for stores whose positions are pooled, and this one holds its tokens", "leave it out");
        run?.RequireMaker(store);
        if (isPooled && text is null)
        {
            context.Message("The store's positions are pooled: frequencies without examples, for which --text is needed.");
        }

        PooledTexts? texts = text is null ? null : PooledTexts.Open(store, text, run?.TokenFeatures(store));
        using ProgressReport progress = context.StartProgress();
        return FeatureNaming.AddExamples(circuit, store, id => run?.TokenText(id) ?? FormattableString.Invariant($"[{id}]"), texts, examples, progress, context.Cancellation);
    }

    private static void Require(bool holds, string subject, string problem, string remedy)
    {
        if (!holds)
        {
            throw new InputException(subject, problem, remedy);
        }
    }
}
