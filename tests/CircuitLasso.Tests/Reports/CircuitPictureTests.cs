using System.Globalization;
using System.Xml.Linq;

namespace CircuitLasso.Tests;

public sealed class CircuitPictureTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly Dictionary<string, Circuit> _circuits = new()
    {
        ["components"] = SampleCircuits.Component(4, 4),
        ["parallel blocks"] = SampleCircuits.Component(4, 4, parallelBlocks: true, seed: 3, inCircuit: 60),
        ["one head"] = SampleCircuits.Component(1, 1, inCircuit: 3),
        ["many heads"] = SampleCircuits.Component(12, 12, inCircuit: 300),
        ["features"] = SampleCircuits.Features(),
        ["a wide layer"] = Wide(40),
        ["nothing in the circuit"] = SampleCircuits.Component(inCircuit: 0),
        ["one node"] = new Circuit([new CircuitNode("y", CircuitNodeKind.Target, 0)], []),
        ["components and strangers"] = WithStranger(),
    };

    public static TheoryData<string> Names => [.. _circuits.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Nodes_stand_inside_the_picture_and_apart_from_each_other(string name)
    {
        Circuit circuit = _circuits[name];
        XElement picture = XElement.Parse(CircuitPicture.Draw(circuit, name, 10_000));
        (double Left, double Top, double Right, double Bottom)[] boxes = [.. picture.Elements(_svg + "g").Single().Descendants(_svg + "rect")
            .Where(box => (string?)box.Attribute("class") == "node")
            .Select(box => (Number(box, "x"), Number(box, "y"), Number(box, "x") + Number(box, "width"), Number(box, "y") + Number(box, "height")))];
        Assert.Equal(circuit.NodesInCircuit().Count, boxes.Length);
        for (int i = 0; i < boxes.Length; i++)
        {
            Assert.True(boxes[i].Left >= 0 && boxes[i].Top >= 0 && boxes[i].Right <= Number(picture, "width") && boxes[i].Bottom <= Number(picture, "height"));
            for (int j = 0; j < i; j++)
            {
                bool isApart = boxes[i].Right < boxes[j].Left || boxes[j].Right < boxes[i].Left || boxes[i].Bottom < boxes[j].Top || boxes[j].Bottom < boxes[i].Top;
                Assert.True(isApart, $"{name}: nodes {i} and {j} overlap");
            }
        }
    }

    [Fact]
    public void Relevance_is_shown_where_some_node_has_it_and_nowhere_else()
    {
        Circuit scored = SampleCircuits.Component();
        Circuit unscored = scored.With(scored.Nodes.Select(node => node with { Relevance = 0 }), scored.Edges);
        Assert.Contains("relevance 0 to 100%", CircuitPicture.Draw(scored, "t"), StringComparison.Ordinal);
        Assert.Contains("class=\"share\"", CircuitPicture.Draw(scored, "t"), StringComparison.Ordinal);
        Assert.DoesNotContain("relevance 0 to 100%", CircuitPicture.Draw(unscored, "t"), StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"share\"", CircuitPicture.Draw(unscored, "t"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_edge_runs_upwards_and_the_strongest_is_drawn_last_and_widest(string name)
    {
        Circuit circuit = _circuits[name];
        XElement[] edges = Edges(XElement.Parse(CircuitPicture.Draw(circuit, name, 10_000)));
        Assert.Equal(circuit.Edges.Count(edge => edge.InCircuit), edges.Length);
        Assert.All(edges, edge =>
        {
            double[] numbers = [.. ((string)edge.Attribute("d")!).Split(['M', 'C', ' '], StringSplitOptions.RemoveEmptyEntries).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            Assert.All(numbers, number => Assert.True(double.IsFinite(number)));
            Assert.True(numbers[1] > numbers[^1]);
        });
        double[] widths = [.. edges.Select(edge => Number(edge, "stroke-width"))];
        Assert.Equal(widths.Order(), widths);
        Assert.All(edges, edge => Assert.InRange(Number(edge, "stroke-opacity"), 0.1, 0.95));
    }

    [Fact]
    public void Only_the_strongest_edges_are_drawn_and_the_picture_says_so()
    {
        Circuit circuit = SampleCircuits.Component(inCircuit: 40);
        string text = CircuitPicture.Draw(circuit, "t", 5);
        Assert.Contains("the 5 strongest of 40 edges", text, StringComparison.Ordinal);
        Assert.Equal(
            circuit.Edges.OrderByDescending(edge => Math.Abs(edge.Weight)).Take(5).Select(edge => $"{edge.Source} → {edge.Target}").Order(),
            Edges(XElement.Parse(text)).Select(edge => edge.Value.Split(':')[0]).Order());
    }

    [Fact]
    public void Text_of_strangers_is_escaped_and_the_same_circuit_gives_the_same_picture()
    {
        const string Title = "<script>alert(1)</script> & \0";
        Circuit circuit = SampleCircuits.Features();
        string text = CircuitPicture.Draw(circuit, Title);
        XElement picture = XElement.Parse(text);
        Assert.DoesNotContain("<script", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("<script>alert(1)</script> & \uFFFD", picture.Element(_svg + "title")!.Value);
        Assert.Contains(picture.Descendants(_svg + "text"), element => element.Value.StartsWith("\"quoted\" <b>", StringComparison.Ordinal));
        Assert.Equal(text, CircuitPicture.Draw(circuit.With(nodes: circuit.Nodes.Reverse(), edges: circuit.Edges.Reverse()), Title));
    }

    [Fact]
    public void Components_outside_the_circuit_are_dots()
    {
        Circuit circuit = SampleCircuits.Component(4, 4);
        XElement picture = XElement.Parse(CircuitPicture.Draw(circuit, "t"));
        IEnumerable<string> dots = picture.Elements(_svg + "g").Single().Descendants(_svg + "circle").Select(dot => dot.Value);
        Assert.Equal(circuit.Nodes.Select(node => node.Name).Except(circuit.NodesInCircuit()), dots);
    }

    [Fact]
    public void Negative_edges_have_a_colour_of_their_own()
    {
        Circuit circuit = SampleCircuits.Component();
        Assert.Equal(
            circuit.Edges.Count(edge => edge is { InCircuit: true, Weight: < 0 }),
            Edges(XElement.Parse(CircuitPicture.Draw(circuit, "t"))).Count(edge => (string?)edge.Attribute("class") == "minus"));
    }

    private static XElement[] Edges(XElement picture) => [.. picture.Elements(_svg + "g").Single().Descendants(_svg + "path")];

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static Circuit Wide(int count) => new(
        [
            .. Enumerable.Range(0, count).Select(i => new CircuitNode($"mlp_post.0/{i}", CircuitNodeKind.Feature, 0) { Label = "a long label that must be cut somewhere" }),
            new CircuitNode("y", CircuitNodeKind.Target, 1),
        ],
        Enumerable.Range(0, count).Select(i => new CircuitEdge($"mlp_post.0/{i}", "y", i - 3)));

    private static Circuit WithStranger()
    {
        Circuit circuit = SampleCircuits.Component();
        CircuitNode stranger = new("resid_post.1/7", CircuitNodeKind.Feature, 99) { Layer = 1 };
        return new Circuit([.. circuit.Nodes, stranger], [new CircuitEdge("m2", stranger.Name, 1)], stranger.Name) { Components = circuit.Components };
    }
}
