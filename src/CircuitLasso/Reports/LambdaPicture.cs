using System.Globalization;

namespace CircuitLasso;

/// <summary>Draws what changes as lambda falls: panels side by side, over the share of the largest lambda on a logarithmic scale, the smallest at the right.</summary>
internal static class LambdaPicture
{
    private const double Left = 60;
    private const double Top = 96;
    private const double Width = 170;
    private const double Height = 150;
    private const double Step = Width + 70;

    /// <summary>Draws the picture.</summary>
    /// <param name="title">A title of a few words.</param>
    /// <param name="panels">Each with its heading and its points, at least one panel of two points; a point is left out where its value is not finite.</param>
    /// <returns>One SVG element.</returns>
    public static string Draw(string title, IReadOnlyList<(string Heading, IReadOnlyList<(double Ratio, double Value)> Points)> panels)
    {
        using SvgPicture picture = new(title, "Over lambda, as a share of the smallest that leaves a regression empty.", Left + (Step * panels.Count), Top + Height + 50);
        double[] logarithms = [.. panels.SelectMany(panel => panel.Points).Select(point => Math.Log(point.Ratio))];
        (double first, double range) = (logarithms.Max(), Math.Max(logarithms.Max() - logarithms.Min(), 1e-9));
        for (int panel = 0; panel < panels.Count; panel++)
        {
            Draw(picture, Left + (panel * Step), panels[panel].Heading, [.. panels[panel].Points.Where(point => double.IsFinite(point.Value)).OrderByDescending(point => point.Ratio)], ratio => (first - Math.Log(ratio)) / range);
        }

        return picture.Finish();
    }

    private static void Draw(SvgPicture picture, double left, string heading, (double Ratio, double Value)[] points, Func<double, double> place)
    {
        picture.Text(left, Top - 16, heading, "strong");
        double low = Math.Min(0, points.Select(point => point.Value).DefaultIfEmpty(0).Min()), high = points.Select(point => point.Value).DefaultIfEmpty(1).Max();
        high = high > low ? high : low + 1;
        foreach (double share in new[] { 0, 0.5, 1 })
        {
            double value = low + (share * (high - low)), y = Y(value);
            picture.Line(left, y, left + Width, y, "grid");
            picture.Text(left - 6, y + 4, value.ToString("G3", CultureInfo.InvariantCulture), "muted end");
        }

        (double X, double Y)[] line = [.. points.Select(point => (X(point.Ratio), Y(point.Value)))];
        if (line.Length > 1)
        {
            picture.Path(line, "bold");
        }

        for (int i = 0; i < points.Length; i++)
        {
            picture.Dot(line[i].X, line[i].Y, FormattableString.Invariant($"{points[i].Ratio:G3}: {points[i].Value:G4}"));
            picture.Text(line[i].X, Top + Height + 18, points[i].Ratio.ToString("G3", CultureInfo.InvariantCulture), "muted middle");
        }

        double X(double ratio) => left + (Width * place(ratio));
        double Y(double value) => Top + (Height * (high - value) / (high - low));
    }
}
