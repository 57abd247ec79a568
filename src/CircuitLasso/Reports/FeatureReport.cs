using System.Globalization;

namespace CircuitLasso;

/// <summary>
/// A circuit of features as one web page that needs nothing outside itself: the graph by layers, then each feature with its name, its histogram, the tokens that it promotes, its examples
/// with the tokens that fire, and what it reads and is read by. The same circuit gives the same bytes.
/// </summary>
public static class FeatureReport
{
    private const int PathCount = 12;
    private const int PhenomenaShown = 25;

    /// <summary>Features that are described where nothing else is said; the picture shows the strongest edges only.</summary>
    public const int DefaultFeatures = 150;

    /// <summary>Makes the page.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="maximumFeatures">How many features at most, the most relevant; the page says how many there are. At least 1.</param>
    /// <param name="phenomena">What happens to concepts along the circuit; null leaves it out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximumFeatures"/> is below 1.</exception>
    public static StaticReport Create(Circuit circuit, int maximumFeatures = DefaultFeatures, FeaturePhenomena? phenomena = null)
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
        if (phenomena is not null)
        {
            AddPhenomena(report, shown, phenomena);
        }

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

    private static void AddPhenomena(StaticReport report, Circuit circuit, FeaturePhenomena phenomena)
    {
        report.AddSection("Concepts along the circuit");
        report.AddParagraph("Found by rule from the strong edges and the decoder directions: features whose directions lie close are taken for one concept.");
        Add("Concepts that persist from site to site", ["features", "cosines"], phenomena.Chains.Select(chain => new[] { Join(chain.Nodes, " → "), Numbers(chain.Cosines) }));
        Add("Features made of different concepts", ["feature", "strong parents"], phenomena.Merges.Select(merge => new[] { Named(circuit, merge.Node), Join(merge.Parents, ", ") }));
        Add("Concepts that are read and not passed on", ["feature", "read by"], phenomena.Drops.Select(drop => new[] { Named(circuit, drop.Node), Join(drop.Readers, ", ") }));
        bool hasEffects = phenomena.SpuriousPairs.Any(pair => pair.Effect is not null);
        Add(
            circuit.Edges.Any(edge => edge.Effect is not null)
                ? "Strong edges between directions that do not overlap and without effect under ablation, which look spurious"
                : "Strong edges between directions that do not overlap, which look spurious; ablation was not tried",
            [.. (string[])["edge", "weight", "cosine"], .. hasEffects ? (string[])["effect of ablation"] : []],
            phenomena.SpuriousPairs.Select(pair => (string[])[
                $"{Named(circuit, pair.Source)} → {Named(circuit, pair.Target)}", Text($"{pair.Weight:G3}"), Text($"{pair.Cosine:F2}"),
                .. hasEffects ? (string[])[pair.Effect is { } effect ? Text($"{effect * 100:F1}%") : "not measured"] : []]));
        Add(
            "Strong edges between directions that do not overlap, of which ablation of the source shows an effect",
            ["edge", "weight", "effect of ablation", "rows"],
            circuit.Edges.Where(edge => edge.Effect is not null && !phenomena.SpuriousPairs.Any(pair => pair.Source == edge.Source && pair.Target == edge.Target))
                .OrderByDescending(edge => Math.Abs(edge.Weight))
                .Select(edge => new[] { $"{Named(circuit, edge.Source)} → {Named(circuit, edge.Target)}", Text($"{edge.Weight:G3}"), Text($"{edge.Effect!.Share * 100:F1}%"), Text($"{edge.Effect.Rows}") }),
            isOptional: true);

        string Join(IEnumerable<string> nodes, string sign) => string.Join(sign, nodes.Select(node => Named(circuit, node)));

        void Add(string caption, string[] header, IEnumerable<string[]> rows, bool isOptional = false)
        {
            string[][] all = [.. rows];
            if (all.Length == 0)
            {
                if (!isOptional)
                {
                    report.AddParagraph(caption + ": none.");
                }

                return;
            }

            string more = all.Length > PhenomenaShown ? Text($" (the first {PhenomenaShown} of {all.Length})") : string.Empty;
            report.AddTable(caption + more, header, all.Take(PhenomenaShown));
        }
    }

    private static string Numbers(IEnumerable<double> numbers) => string.Join(", ", numbers.Select(number => Text($"{number:F2}")));

    private static string Named(Circuit circuit, string node) => circuit[node].Label is { } label ? $"{node} ({label})" : node;

    private static void AddPaths(StaticReport report, Circuit circuit)
    {
        IReadOnlyList<CircuitPath> paths = StrongestPaths.Find(circuit, PathCount);
        if (paths.Count > 0)
        {
            report.AddTable(
                "The strongest paths; a path's share is the product of its edges' shares of what enters their targets",
                ["path", "share"],
                paths.Select(path => new[] { string.Join(" → ", path.Nodes.Select(name => Named(circuit, name))), Text($"{path.Strength * 100:F1}%") }));
        }
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
