using System.Globalization;

namespace CircuitLasso;

/// <summary>
/// Puts the nodes of a circuit on horizontal bands, the target on top. In component circuits a band is a layer: its heads stand side by side in their
/// order, its MLP at the right and, in sequential blocks, a step higher, and components outside the circuit show as dots. In other circuits a
/// band is a place, with nodes ordered by what they are connected to.
/// </summary>
internal sealed class PictureLayout
{
    internal const double NodeHeight = 34;
    private const double LabelWidth = 92;
    private const double RightMargin = 64;
    private const double Gap = 18;
    private const double SmallestWidth = 880;
    private const double LargestColumn = 190;
    private const double PortShare = 0.72;
    private const int TextLength = 16;
    private const int LabelLength = 22;
    private const double RowHeight = 64;
    private const double BandPadding = 22;
    private const double DotSize = 7;
    private const int NodesOfARow = 12;
    private const int SweepCount = 4;
    private readonly Circuit _circuit;
    private readonly HashSet<string> _inCircuit;
    private readonly Dictionary<string, PlacedNode> _placed = new(StringComparer.Ordinal);
    private readonly List<PictureBand> _bands = [];
    private readonly double _nodeWidth;
    private readonly double _columnWidth;
    private readonly double _left;
    private readonly int _columns;

    private PictureLayout(Circuit circuit)
    {
        _circuit = circuit;
        _inCircuit = [.. circuit.NodesInCircuit()];
        CircuitNode[][] bands = [.. circuit.Nodes.Where(IsDrawn).GroupBy(BandOf).Select(band => band.ToArray())];
        _nodeWidth = bands.SelectMany(band => band.Where(node => _inCircuit.Contains(node.Name)).Select(node => NodeWidth(node, band))).Max();
        _columns = bands.Max(band => IsLayer(band) ? circuit.Components!.Heads + 1 : Math.Min(band.Length, NodesOfARow));
        _columnWidth = Math.Max(_nodeWidth + Gap, Math.Min(LargestColumn, (SmallestWidth - LabelWidth - RightMargin) / _columns));
        _left = LabelWidth + Math.Max(0, (SmallestWidth - LabelWidth - RightMargin - (_columns * _columnWidth)) / 2);
        Width = Math.Max(SmallestWidth, LabelWidth + (_columns * _columnWidth) + RightMargin);
        Dictionary<string, double> order = circuit.Components is null ? Order(bands) : [];
        double bottom = bands.Sum(BandHeight);
        Height = bottom;
        foreach (CircuitNode[] band in bands)
        {
            double height = BandHeight(band);
            bottom -= height;
            _bands.Add(new PictureBand(Label(band), bottom, height));
            if (IsLayer(band))
            {
                PlaceLayer(band, bottom, height);
            }
            else
            {
                PlaceRows([.. band.OrderBy(node => order.GetValueOrDefault(node.Name))], band, bottom);
            }
        }

        Edges = Route();
    }

    /// <summary>Width of the picture without title and legend.</summary>
    internal double Width { get; }

    /// <summary>Height of the picture without title and legend.</summary>
    internal double Height { get; }

    /// <summary>The bands, from the input up.</summary>
    internal IReadOnlyList<PictureBand> Bands => _bands;

    /// <summary>The nodes, in computation order.</summary>
    internal IEnumerable<PlacedNode> Nodes => _circuit.Nodes.Where(node => _placed.ContainsKey(node.Name)).Select(node => _placed[node.Name]);

    /// <summary>The edges of the circuit, the strongest last.</summary>
    internal IReadOnlyList<PictureEdge> Edges { get; }

    /// <summary>Lays out a circuit.</summary>
    internal static PictureLayout Of(Circuit circuit) => new(circuit);

    /// <summary>The label of a node on one line, cut where it is too long; null where it has none.</summary>
    internal static string? LabelLine(CircuitNode node) => node.Label is null ? null
        : Cut(string.Join(' ', node.Label.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), LabelLength);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    // Widths of common letters: no font is measured, so that the picture is the same everywhere.
    private static double NodeWidth(CircuitNode node, CircuitNode[] band) => LabelLine(node) is { } label
        ? Math.Max(64, 16 + Math.Max(label.Length * 5.4, (Cut(Text(node, band), TextLength).Length * 7.2) + 34))
        : Math.Max(56, 20 + (Cut(Text(node, band), TextLength).Length * 7.2));

    private static string Site(string name) => name.IndexOf('/', StringComparison.Ordinal) is > 0 and int slash ? name[..slash] : string.Empty;

    // A feature is written without its site where the band's label says it.
    private static string Text(CircuitNode node, CircuitNode[] band) =>
        Site(node.Name) is { Length: > 0 } site && band.All(other => Site(other.Name) == site) ? node.Name[(site.Length + 1)..] : node.Name;

    private bool IsDrawn(CircuitNode node) => _inCircuit.Contains(node.Name) || ComponentOf(node) is not null;

    private ComponentNode? ComponentOf(CircuitNode node) =>
        _circuit.Components is { } graph && graph.IndexOf(node.Name) is >= 0 and int index ? graph.Nodes[index] : null;

    private bool IsLayer(CircuitNode[] band) => ComponentOf(band[0])?.Layer is not null;

    private (int, int) BandOf(CircuitNode node) => ComponentOf(node)?.Layer is { } layer ? (1, layer) : (node.Place == 0 ? 0 : 2, node.Place);

    private string Label(CircuitNode[] band)
    {
        if (ComponentOf(band[0])?.Layer is { } layer)
        {
            return string.Create(CultureInfo.InvariantCulture, $"layer {layer}");
        }

        string site = Site(band[0].Name);
        return band.All(node => Site(node.Name) == site) ? Cut(site, TextLength) : string.Empty;
    }

    private double BandHeight(CircuitNode[] band)
    {
        int rows = IsLayer(band) ? (_circuit.Components!.ParallelBlocks ? 1 : 2) : 1 + ((band.Length - 1) / NodesOfARow);
        return (2 * BandPadding) + NodeHeight + ((rows - 1) * RowHeight) + (IsLayer(band) && rows == 2 ? -8 : 0);
    }

    private void PlaceLayer(CircuitNode[] band, double top, double height)
    {
        double low = top + height - BandPadding - (NodeHeight / 2);
        double high = top + BandPadding + (NodeHeight / 2);
        int heads = _circuit.Components!.Heads;
        foreach (CircuitNode node in band)
        {
            int? head = ComponentOf(node)!.Head;
            double shift = (_columns - heads - 1) / 2.0;
            Place(node, band, _left + (((head ?? heads) + shift + 0.5) * _columnWidth), head is not null ? low : high);
        }
    }

    private void PlaceRows(CircuitNode[] ordered, CircuitNode[] band, double top)
    {
        int rows = 1 + ((ordered.Length - 1) / NodesOfARow);
        for (int i = 0; i < ordered.Length; i++)
        {
            // Neighbours in the order stand in different rows, so that a wide band keeps its left and right.
            (int slot, int row) = (i / rows, i % rows);
            int slots = (ordered.Length - row + rows - 1) / rows;
            double x = _left + ((slot + 0.5) * _columns * _columnWidth / slots);
            Place(ordered[i], band, x, top + BandPadding + (NodeHeight / 2) + (row * RowHeight));
        }
    }

    private void Place(CircuitNode node, CircuitNode[] band, double x, double y)
    {
        bool isOn = _inCircuit.Contains(node.Name);
        _placed.Add(node.Name, new PlacedNode(node, isOn ? Cut(Text(node, band), TextLength) : null, x, y, isOn ? _nodeWidth : DotSize));
    }

    // Edges leave and reach a node side by side, in the order of their other ends.
    private List<PictureEdge> Route()
    {
        CircuitEdge[] edges = [.. _circuit.Edges.Where(edge => edge.InCircuit)];
        Dictionary<CircuitEdge, double> start = Ports(edges, edge => edge.Source, edge => edge.Target);
        Dictionary<CircuitEdge, double> end = Ports(edges, edge => edge.Target, edge => edge.Source);
        return [.. edges.OrderBy(edge => Math.Abs(edge.Weight)).Select(edge =>
        {
            PlacedNode source = _placed[edge.Source];
            PlacedNode target = _placed[edge.Target];
            return new PictureEdge(edge, start[edge], source.Y - (source.Height / 2), end[edge], target.Y + (target.Height / 2), Bend(source, target));
        })];
    }

    private Dictionary<CircuitEdge, double> Ports(CircuitEdge[] edges, Func<CircuitEdge, string> near, Func<CircuitEdge, string> far)
    {
        Dictionary<CircuitEdge, double> ports = [];
        foreach (IGrouping<string, CircuitEdge> group in edges.GroupBy(near))
        {
            PlacedNode node = _placed[group.Key];
            CircuitEdge[] ordered = [.. group.OrderBy(edge => _placed[far(edge)].X + Bend(node, _placed[far(edge)])).ThenBy(edge => _placed[far(edge)].Y)];
            for (int i = 0; i < ordered.Length; i++)
            {
                ports.Add(ordered[i], node.X + ((((i + 0.5) / ordered.Length) - 0.5) * node.Width * PortShare));
            }
        }

        return ports;
    }

    // Edges along one column are bent, the longer the more, so that they neither hide each other nor run behind the nodes between.
    private double Bend(PlacedNode one, PlacedNode other)
    {
        double rise = Math.Abs(one.Y - other.Y);
        double aside = Math.Abs(one.X - other.X) / _columnWidth;
        double side = (one.X + other.X) / 2 >= _left + (_columns * _columnWidth / 2) ? 1 : -1;
        return rise > RowHeight * 1.6 && aside < 0.9 ? side * (1 - aside) * Math.Min(_columnWidth * 0.85, 14 + (rise * 0.14)) : 0;
    }

    // Nodes go to the mean position of their neighbours, weighted, up and down a few times (Sugiyama's barycentre rule); ties keep computation order.
    private Dictionary<string, double> Order(CircuitNode[][] bands)
    {
        Dictionary<string, double> position = new(StringComparer.Ordinal);
        foreach (CircuitNode[] band in bands)
        {
            Spread(band, position);
        }

        ILookup<string, CircuitEdge> incoming = _circuit.Edges.Where(edge => edge.InCircuit).ToLookup(edge => edge.Target);
        ILookup<string, CircuitEdge> outgoing = _circuit.Edges.Where(edge => edge.InCircuit).ToLookup(edge => edge.Source);
        for (int sweep = 0; sweep < SweepCount; sweep++)
        {
            bool isUp = sweep % 2 == 0;
            foreach (CircuitNode[] band in isUp ? bands : bands.Reverse())
            {
                Dictionary<string, double> wish = band.ToDictionary(
                    node => node.Name,
                    node => isUp ? Mean(incoming[node.Name], edge => edge.Source, node) : Mean(outgoing[node.Name], edge => edge.Target, node));
                Spread([.. band.OrderBy(node => wish[node.Name])], position);
            }
        }

        return position;

        double Mean(IEnumerable<CircuitEdge> edges, Func<CircuitEdge, string> other, CircuitNode node)
        {
            double weights = edges.Sum(edge => Math.Abs(edge.Weight));
            return weights is > 0 and < double.PositiveInfinity ? edges.Sum(edge => Math.Abs(edge.Weight) / weights * position[other(edge)]) : position[node.Name];
        }
    }

    private static void Spread(CircuitNode[] band, Dictionary<string, double> position)
    {
        for (int i = 0; i < band.Length; i++)
        {
            position[band[i].Name] = (i + 0.5) / band.Length;
        }
    }
}
