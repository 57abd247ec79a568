using System.Globalization;

namespace CircuitLasso;

/// <content>Cards of features.</content>
public sealed partial class StaticReport
{
    private const int NeighboursShown = 6;
    private const double BarWidth = 7;
    private const double BarHeight = 34;

    private const string FeatureStyle = """
        .feature{border:1px solid var(--rule);border-radius:12px;padding:14px 18px;margin:16px 0;break-inside:avoid}
        .feature h3{font-size:17px;margin:0 0 2px}.feature h3 code{font-weight:400;color:var(--muted);margin-left:8px}
        .feature .facts{color:var(--muted);font-size:14px;margin:0 0 8px;max-width:none}
        .feature .bars{display:block;margin:4px 0 8px}.feature .bars rect{fill:var(--accent)}
        .feature dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 14px;font-size:14px;margin:8px 0}
        .feature dt{color:var(--muted)}.feature dd{margin:0}
        .feature .token{display:inline-block;background:var(--soft);border:1px solid var(--rule);border-radius:6px;padding:0 6px;margin:0 4px 3px 0}
        .feature .examples{list-style:none;margin:8px 0 0;padding:0;font-size:14.5px}
        .feature .examples li{display:flex;gap:12px;border-top:1px solid var(--rule);padding:5px 0}
        .feature .examples .value{flex:0 0 4.5em;text-align:right;color:var(--muted);font-variant-numeric:tabular-nums}
        .feature .examples .text{white-space:pre-wrap;overflow-wrap:anywhere}
        .feature mark{background:rgb(242 169 59/var(--s));color:inherit;border-radius:3px}
        @media (prefers-color-scheme:dark){.feature mark{background:rgb(176 116 24/var(--s))}}
        a{color:var(--accent)}
        figure{width:94vw;margin-left:calc(50% - 47vw)}figure svg{max-width:none}figcaption{margin-left:max(0px,calc(47vw - 516px))}
        """;

    private bool _hasFeatures;

    /// <summary>Adds a card that says what is known of a feature.</summary>
    /// <param name="circuit">The circuit.</param>
    /// <param name="node">Name of the feature's node.</param>
    /// <exception cref="KeyNotFoundException">There is no such node.</exception>
    public void AddFeature(Circuit circuit, string node)
    {
        ArgumentNullException.ThrowIfNull(circuit);
        CircuitNode feature = circuit[node];
        FeatureProfile? profile = circuit.Profiles.FirstOrDefault(one => one.Node == node);
        _hasFeatures = true;
        Line($"<article class=\"feature\" id=\"{Anchor(circuit, node)}\">");
        Line(feature.Label is null ? $"<h3>{Encoded(node)}</h3>" : $"<h3>{Encoded(feature.Label)}<code>{Encoded(node)}</code></h3>");
        Line($"<p class=\"facts\">{string.Join(" · ", Facts(circuit, feature, profile))}</p>");
        AddBars(profile?.Histogram ?? []);
        (string Name, string Content)[] rows =
        [
            ("promotes", Tokens(profile?.Promoted ?? [])),
            ("suppresses", Tokens(profile?.Suppressed ?? [])),
            ("reads", Neighbours(circuit, circuit.Edges.Where(edge => edge.Target == node), edge => edge.Source)),
            ("read by", Neighbours(circuit, circuit.Edges.Where(edge => edge.Source == node), edge => edge.Target)),
        ];
        Line($"<dl>{string.Concat(rows.Where(row => row.Content.Length > 0).Select(row => $"<dt>{row.Name}</dt><dd>{row.Content}</dd>"))}</dl>");
        CircuitExample[] examples = [.. circuit.Examples.Where(example => example.Node == node)];
        if (examples.Length > 0)
        {
            Line("<ul class=\"examples\">");
            foreach (CircuitExample example in examples)
            {
                Line($"<li><span class=\"value\">{Number(example.Value)}</span><span class=\"text\">{Marked(example, profile?.Maximum ?? 0)}</span></li>");
            }

            Line("</ul>");
        }

        Line("</article>");
    }

    private static IEnumerable<string> Facts(Circuit circuit, CircuitNode feature, FeatureProfile? profile)
    {
        yield return FormattableString.Invariant($"relevance {feature.Relevance * 100:F1}%");
        if (feature.Explained is { } explained)
        {
            yield return FormattableString.Invariant($"explained by what it reads {explained * 100:F1}%");
        }

        if (profile is { Rows: > 0 })
        {
            yield return FormattableString.Invariant($"active on {profile.Frequency * 100:G3}% of {profile.Rows:N0} rows");
            yield return "largest " + Number(profile.Maximum);
        }

        if (FeatureNaming.PageOf(circuit, feature.Name) is { } page)
        {
            yield return $"<a href=\"{Encoded(page)}\">page on Neuronpedia</a>";
        }
    }

    // A node's place in the circuit: names may hold anything.
    private static string Anchor(Circuit circuit, string node) => FormattableString.Invariant($"n{circuit.IndexOf(node)}");

    private static string Number(double number) => number.ToString("G3", CultureInfo.InvariantCulture);

    private static string Tokens(IReadOnlyList<TokenEffect> tokens) =>
        string.Concat(tokens.Select(token => $"<span class=\"token\" title=\"{Number(token.Effect)}\">{Encoded(PeakTokens.Shown(token.Token))}</span>"));

    private static string Neighbours(Circuit circuit, IEnumerable<CircuitEdge> edges, Func<CircuitEdge, string> other)
    {
        CircuitEdge[] all = [.. edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight))];
        string rest = all.Length > NeighboursShown ? FormattableString.Invariant($" and {all.Length - NeighboursShown} more") : string.Empty;
        return string.Join(", ", all.Take(NeighboursShown).Select(edge =>
        {
            CircuitNode node = circuit[other(edge)];
            string name = Encoded(node.Label is null ? node.Name : $"{node.Name} {node.Label}");
            return $"{(node.Kind == CircuitNodeKind.Feature ? $"<a href=\"#{Anchor(circuit, node.Name)}\">{name}</a>" : name)} ({Number(edge.Weight)})";
        })) + rest;
    }

    // The stronger the darker, against the feature's largest activation anywhere.
    private static string Marked(CircuitExample example, double maximum)
    {
        double strongest = Math.Max(maximum, example.Tokens.Select(token => token.Value).DefaultIfEmpty(0).Max());
        return example.Tokens.Count == 0 ? Encoded(example.Text) : string.Concat(example.Tokens.Select(token => token.Value > 0
            ? FormattableString.Invariant($"<mark style=\"--s:{0.12 + (0.78 * token.Value / strongest):F2}\" title=\"{Number(token.Value)}\">") + Encoded(token.Text) + "</mark>"
            : Encoded(token.Text)));
    }

    private void AddBars(IReadOnlyList<ActivationBin> histogram)
    {
        if (histogram.Count == 0)
        {
            return;
        }

        double tallest = histogram.Max(bin => bin.Count);
        IEnumerable<string> bars = histogram.Select((bin, index) =>
        {
            double height = bin.Count == 0 ? 0 : Math.Max(1.5, BarHeight * bin.Count / tallest);
            return FormattableString.Invariant($"<rect x=\"{index * BarWidth:F0}\" y=\"{BarHeight - height:F1}\" width=\"{BarWidth - 1:F0}\" height=\"{height:F1}\"><title>{Number(bin.Lower)} to {Number(bin.Upper)}: {bin.Count:N0}</title></rect>");
        });
        Line(FormattableString.Invariant($"<svg class=\"bars\" width=\"{histogram.Count * BarWidth:F0}\" height=\"{BarHeight:F0}\" role=\"img\" aria-label=\"histogram of activations\">{string.Concat(bars)}</svg>"));
    }
}
