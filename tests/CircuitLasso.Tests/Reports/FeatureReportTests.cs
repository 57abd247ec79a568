using System.Text.RegularExpressions;

namespace CircuitLasso.Tests;

public sealed partial class FeatureReportTests
{
    [Fact]
    public void Each_feature_stands_with_its_name_its_examples_and_its_neighbours()
    {
        string html = FeatureReport.Create(Sample()).ToHtml();
        Assert.Contains("<h3>line one\nline two<code>resid_post.5/36</code></h3>", html, StringComparison.Ordinal);
        Assert.Contains("<h3>resid_post.5/3036</h3>", html, StringComparison.Ordinal);

        // 2 of the largest activation, 3.5: 0.12 + 0.78 * 2 / 3.5.
        Assert.Contains("<mark style=\"--s:0.57\" title=\"2\">sec</mark>&lt;on&quot;d&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"token\" title=\"1.5\">are</span>", html, StringComparison.Ordinal);
        Assert.Contains("active on 1.2% of 1,000 rows", html, StringComparison.Ordinal);
        Assert.Contains("<title>2 to 4: 3</title>", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"https://www.neuronpedia.org/gpt2-small/5-res/36\">", html, StringComparison.Ordinal);
        Assert.Equal(3, Card().Count(html));

        // Links within the page lead to cards.
        string[] anchors = [.. Anchor().Matches(html).Select(match => match.Groups[1].Value)];
        Assert.All(Link().Matches(html), match => Assert.Contains(match.Groups[1].Value, anchors));
        Assert.NotEmpty(Link().Matches(html));
    }

    [Fact]
    public void Sites_come_from_the_target_down()
    {
        string html = FeatureReport.Create(Sample()).ToHtml();
        Assert.InRange(html.IndexOf("Features of resid_post.5", StringComparison.Ordinal), 1, html.IndexOf("Features of embed", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_most_relevant_features_are_described_and_the_page_says_so()
    {
        string html = FeatureReport.Create(Sample(), 1).ToHtml();
        Assert.Contains("These are the 1 most relevant of 3 features.", html, StringComparison.Ordinal);
        Assert.Equal(1, Card().Count(html));
        Assert.Contains("line one", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_happens_to_concepts_is_listed_and_what_does_not_happen_is_said()
    {
        Assert.DoesNotContain("Concepts along the circuit", FeatureReport.Create(Sample()).ToHtml(), StringComparison.Ordinal);
        FeaturePhenomena phenomena = new(
            [new FeatureChain(["embed/7", "resid_post.5/3036"], [0.875])], [], [], [new SpuriousFeaturePair("embed/7", "resid_post.5/36", -0.1, 0.01, null)]);
        string html = FeatureReport.Create(Sample(), phenomena: phenomena).ToHtml();
        Assert.Contains("🙂) → resid_post.5/3036</td><td class=\"number\">0.88</td>", html, StringComparison.Ordinal);
        Assert.Contains("Features made of different concepts: none.", html, StringComparison.Ordinal);
        Assert.Contains("→ resid_post.5/36 (line one\nline two)</td><td class=\"number\">-0.1</td><td class=\"number\">0.01</td>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_loads_nothing_and_is_the_same_for_the_same_circuit()
    {
        string html = FeatureReport.Create(Sample()).ToHtml();
        Assert.Equal(html, FeatureReport.Create(Sample()).ToHtml());
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_circuit_without_edges_says_so() => Assert.Contains(
        "No edge is in the circuit", FeatureReport.Create(SampleCircuits.Features().Select(_ => false)).ToHtml(), StringComparison.Ordinal);

    private static Circuit Sample()
    {
        Circuit circuit = SampleCircuits.Features();
        return FeatureNaming.AddSources(
            circuit.With(edges: circuit.Edges.Select(edge => edge.Target == "y" && edge.Weight < -1e300 ? edge with { Weight = -1 } : edge)),
            new Dictionary<string, NeuronpediaSource> { ["resid_post.5"] = new("gpt2-small", "5-res") });
    }

    [GeneratedRegex("<article class=\"feature\"")]
    private static partial Regex Card();

    [GeneratedRegex("id=\"(n[0-9]+)\"")]
    private static partial Regex Anchor();

    [GeneratedRegex("href=\"#(n[0-9]+)\"")]
    private static partial Regex Link();
}
