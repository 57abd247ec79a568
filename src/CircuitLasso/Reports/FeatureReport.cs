using System.Globalization;

namespace CircuitLasso;

/// <summary>
/// A circuit of features as one web page that needs nothing outside itself: the graph by layers, then each feature with its name, its histogram, the tokens that it promotes, its examples
/// with the tokens that fire, and what it reads and is read by. The same circuit gives the same bytes.
/// </summary>
public static class FeatureReport
{
    private const int PathCount = 12;

    /// <summary>Features that are described where nothing else is said; the picture shows the strongest edges only.</summary>
    public const int DefaultFeatures = 150;

    /// <summary>Makes the page.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="maximumFeatures">How many features at most, the most relevant; the page says how many there are. At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumFeatures"/> is below 1.</exception>
    public static StaticReport Create(Circuit circuit, int maximumFeatures = DefaultFeatures)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumFeatures, 1);
        Circuit shown = circuit.WithoutCandidates();
        CircuitNode[] features = [.. shown.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature)];
        HashSet<string> described = [.. features.OrderByDescending(node => node.Relevance).Take(maximumFeatures).Select(node => node.Name)];
        StaticReport report = new(
            $"The circuit of {shown.Target.Label ?? shown.Target.Name}",
            Text($"{features.Length} features and {shown.Nodes.Count(node => node.Kind == CircuitNodeKind.Error)} errors of autoencoders, {shown.Edges.Count} edges."));
        if (shown.Edges.Count == 0)
        {
            report.AddParagraph("No edge is in the circuit: none was chosen, or none of those chosen lies on a path to the target.");
            return report;
        }

        report.AddPicture(
            shown, "Features by layer", "Computation runs upwards; wider lines are larger weights, blue positive and red negative, and the fill of a node is its relevance. Names are cut; they stand in full below.");
        AddPaths(report, shown);
        foreach (IGrouping<string, CircuitNode> site in features.Where(node => described.Contains(node.Name)).Reverse().GroupBy(node => FeatureName.Parse(node.Name)?.Site ?? string.Empty))
        {
            report.AddSection(site.Key.Length == 0 ? "Other features" : "Features of " + site.Key);
            foreach (CircuitNode node in site.OrderByDescending(node => node.Relevance))
            {
                report.AddFeature(shown, node.Name);
            }
        }

        if (described.Count < features.Length)
        {
            report.AddParagraph(Text($"These are the {described.Count} most relevant of {features.Length} features."));
        }

        AddMetrics(report, circuit);
        report.AddNote(
            "How to read a feature",
            "The bars count how often the feature is how strong, where it is active at all. In the examples the tokens on which it is active are marked, the stronger the darker; the number before them is its largest activation there, or that of the pooled text.",
            "Promoted and suppressed tokens are what its direction does to the logits when it goes straight to the unembedding; a feature of an early layer mostly works through later ones.",
            "A name that begins with “fires on” was made from the tokens on which the feature is strongest; other names are labels that people or programs gave. A name is no test: whether a feature does what it says is seen by ablation.");
        return report;
    }

    private static void AddMetrics(StaticReport report, Circuit circuit)
    {
        if (circuit.Metrics.Count > 0)
        {
            report.AddSection("What was measured");
            report.AddTable("Figures of the whole circuit, as its method defines them", ["figure", "value"], circuit.Metrics.Select(metric => new[] { metric.Key, metric.Value.ToString("G4", CultureInfo.InvariantCulture) }));
        }
    }

    private static void AddPaths(StaticReport report, Circuit circuit)
    {
        IReadOnlyList<CircuitPath> paths = StrongestPaths.Find(circuit, PathCount);
        if (paths.Count > 0)
        {
            report.AddTable(
                "The strongest paths; a path's share is the product of its edges' shares of what enters their targets",
                ["path", "share"],
                paths.Select(path => new[] { string.Join(" → ", path.Nodes.Select(name => circuit[name].Label is { } label ? $"{name} ({label})" : name)), Text($"{path.Strength * 100:F1}%") }));
        }
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
