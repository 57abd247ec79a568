using System.Globalization;

namespace CircuitLasso;

/// <summary>Draws what circuits keep of a model's behaviour as they grow, by a method's order and by chance.</summary>
internal static class FaithfulnessPicture
{
    private const double Left = 70;
    private const double Top = 78;
    private const double Width = 480;
    private const double Height = 230;

    /// <summary>Draws the picture.</summary>
    /// <param name="title">A title of a few words.</param>
    /// <param name="curve">The method's circuits by rising number of edges.</param>
    /// <param name="random">Random ones.</param>
    /// <param name="candidates">Number of candidate edges.</param>
    /// <param name="chosen">The circuit that was chosen.</param>
    /// <returns>One SVG element.</returns>
    public static string Draw(string title, IReadOnlyList<CircuitCurvePoint> curve, IReadOnlyList<CircuitCurvePoint> random, int candidates, CircuitCurvePoint chosen)
    {
        using SvgPicture picture = new(title, "Share of the preference that is kept, over edges in the circuit.", Left + Width + 40, Top + Height + 52);
        CircuitCurvePoint[] own = [.. curve.Append(chosen).OrderBy(point => point.Edges)];
        double low = Math.Min(0, own.Concat(random).Min(point => point.Faithfulness));
        double high = Math.Max(1, own.Concat(random).Max(point => point.Faithfulness));
        foreach (double share in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            (_, double y) = Place(0, share);
            picture.Line(Left, y, Left + Width, y, "grid");
            picture.Text(Left - 8, y + 4, share.ToString("P0", CultureInfo.InvariantCulture), "muted end");
        }

        for (int quarter = 0; quarter <= 4; quarter++)
        {
            int edges = candidates * quarter / 4;
            picture.Text(Place(edges, 0).X, Top + Height + 18, edges.ToString("N0", CultureInfo.InvariantCulture), "muted middle");
        }

        picture.Text(Left + (Width / 2), Top + Height + 38, FormattableString.Invariant($"edges, of {candidates:N0}"), "muted middle");
        picture.Path(Line(random), "mark");
        picture.Path(Line(own), "bold");
        foreach (CircuitCurvePoint point in own)
        {
            (double x, double y) = Place(point.Edges, point.Faithfulness);
            picture.Dot(x, y, FormattableString.Invariant($"{point.Edges:N0} edges: {point.Faithfulness:P1}"));
        }

        (double chosenX, double chosenY) = Place(chosen.Edges, chosen.Faithfulness);
        picture.Line(chosenX, chosenY, chosenX, Top + Height, "grid");
        picture.Text(chosenX + 10, chosenY + 20, FormattableString.Invariant($"the circuit: {chosen.Edges:N0} edges, {chosen.Faithfulness:P0}"), "strong");
        CircuitCurvePoint middle = random[random.Count / 2];
        (double randomX, double randomY) = Place(middle.Edges, middle.Faithfulness);
        picture.Text(randomX - 12, randomY - 8, "edges in random order", "muted end");
        return picture.Finish();

        IEnumerable<(double X, double Y)> Line(IReadOnlyList<CircuitCurvePoint> points) =>
            [Place(0, 0), .. points.Where(point => point.Edges < candidates).Select(point => Place(point.Edges, point.Faithfulness)), Place(candidates, 1)];

        (double X, double Y) Place(int edges, double share) => (Left + (Width * edges / candidates), Top + (Height * (high - share) / (high - low)));
    }
}
