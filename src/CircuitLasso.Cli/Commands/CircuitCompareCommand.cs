using System.CommandLine;
using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary><c>circuitlasso circuit compare</c>.</summary>
internal sealed class CircuitCompareCommand : ToolCommand
{
    private const int DefaultEdges = 10;
    private readonly Argument<string> _first = new("FILE") { Description = "The circuit file." };
    private readonly Argument<string> _second = new("OTHER") { Description = "The circuit file in which it is looked for: of a model with random weights, of a shuffled target, of other autoencoders, of another method." };

    private readonly Option<string[]> _saes = new("--sae")
    {
        Description = "With --other-sae: the autoencoders of the first circuit, each as PATH, SITE=PATH, or INPUT:OUTPUT=PATH for a transcoder, where PATH is " + HubArguments.Autoencoder + ".",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _others = new("--other-sae")
    {
        Description = "The autoencoders of the other circuit, where they are others: features of one site (and position, where these are apart) match where their decoder directions have a cosine of 0.7 and more [default: features match by name].",
        HelpName = "[SITE=]PATH",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _edges = new Option<int>("--edges") { Description = "How many of the edges that survive to show, strongest first.", HelpName = "N", DefaultValueFactory = _ => DefaultEdges }.AtLeast(1);

    internal CircuitCompareCommand()
        : base(
            "compare",
            "Say what of a circuit is found in another one: its features, and its edges, both ends of which must match the ends of one edge there. Errors and the target match by name.\n\n"
            + "For controls: of what is found in noise, in a model that has learnt nothing, or only with one set of autoencoders, nothing should be believed.")
    {
        Add(_first);
        Add(_second);
        Add(_saes);
        Add(_others);
        Add(_edges);
    }

    internal override int Run(ParseResult options, CommandContext context)
    {
        string first = options.GetRequiredValue(_first), second = options.GetRequiredValue(_second);
        string[] saes = options.GetValue(_saes)!, others = options.GetValue(_others)!;
        if (saes.Length > 0 != others.Length > 0)
        {
            throw new InputException(saes.Length > 0 ? "--sae" : "--other-sae", $"needs {(saes.Length > 0 ? "--other-sae" : "--sae")}", "name the autoencoders of both circuits, or none where they are the same");
        }

        Circuit circuit = CircuitFile.Read(first), other = CircuitFile.Read(second);
        context.Cancellation.ThrowIfCancellationRequested();
        (CircuitMatch there, CircuitMatch back) = Match(circuit, other, HubArguments.Autoencoders(saes, context), HubArguments.Autoencoders(others, context));
        int count = options.GetValue(_edges);
        context.Print(output => WriteText(output, first, second, there, back, count), json => WriteJson(json, first, second, there, back));
        return ExitCode.Done;
    }

    private static (CircuitMatch There, CircuitMatch Back) Match(Circuit circuit, Circuit other, string[] saes, string[] others)
    {
        if (saes.Length == 0)
        {
            return (CircuitMatch.Of(circuit, other), CircuitMatch.Of(other, circuit));
        }

        using CircuitAutoencoders own = CircuitAutoencoders.Load(saes, circuit), theirs = CircuitAutoencoders.Load(others, other);
        float[]? First(FeatureNodeName name) => own.Direction(name.ToString());
        float[]? Second(FeatureNodeName name) => theirs.Direction(name.ToString());
        return (CircuitMatch.Of(circuit, other, (First, Second)), CircuitMatch.Of(other, circuit, (Second, First)));
    }

    private static void WriteText(TextWriter output, string first, string second, CircuitMatch there, CircuitMatch back, int count)
    {
        foreach ((string file, string where, CircuitSurvival survival) in new[] { (first, second, there.Survival), (second, first, back.Survival) })
        {
            output.WriteLine(FormattableString.Invariant(
                $"of {file} {survival.SurvivingFeatures:N0} of {survival.Features:N0} features and {survival.SurvivingEdges:N0} of {survival.Edges:N0} edges are found in {where}"));
        }

        foreach ((CircuitEdge edge, CircuitEdge found) in there.SurvivingEdges.Take(count))
        {
            string name = (found.Source, found.Target) == (edge.Source, edge.Target) ? string.Empty : $"  as {found.Source} -> {found.Target}";
            output.WriteLine(FormattableString.Invariant($"  {edge.Weight,9:G4} {found.Weight,9:G4}  {edge.Source} -> {edge.Target}{name}"));
        }
    }

    private static void WriteJson(Utf8JsonWriter json, string first, string second, CircuitMatch there, CircuitMatch back)
    {
        json.WriteString("circuit", first);
        json.WriteString("other", second);
        Write("survival", there.Survival);
        Write("survival_of_other", back.Survival);
        json.WriteStartObject("matches");
        foreach (string node in there.Nodes.Where(node => there.Matches[node].Count > 0))
        {
            json.WriteStartArray(node);
            foreach (string match in there.Matches[node])
            {
                json.WriteStringValue(match);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteStartArray("edges");
        foreach ((CircuitEdge edge, CircuitEdge found) in there.SurvivingEdges)
        {
            json.WriteStartObject();
            json.WriteString("source", edge.Source);
            json.WriteString("target", edge.Target);
            json.WriteNumber("weight", edge.Weight);
            json.WriteString("other_source", found.Source);
            json.WriteString("other_target", found.Target);
            json.WriteNumber("other_weight", found.Weight);
            json.WriteEndObject();
        }

        json.WriteEndArray();

        void Write(string name, CircuitSurvival survival)
        {
            json.WriteStartObject(name);
            json.WriteNumber("features", survival.Features);
            json.WriteNumber("surviving_features", survival.SurvivingFeatures);
            json.WriteNumber("edges", survival.Edges);
            json.WriteNumber("surviving_edges", survival.SurvivingEdges);
            json.WriteEndObject();
        }
    }
}
