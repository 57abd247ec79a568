using System.Globalization;

namespace CircuitLasso.InterpBench;

/// <summary>The suite's figures as SVG: distances and seconds per case and method, and ROC curves. The same rows give the same text.</summary>
public static class SuitePictures
{
    private const double Left = 150;
    private const double Top = 84;
    private const double RowHeight = 27;

    /// <summary>Structural Hamming distance per method and case, and its mean: the paler the better.</summary>
    /// <param name="rows">The suite's rows.</param>
    /// <param name="title">A title of a few words.</param>
    public static string Distances(IReadOnlyList<SuiteRow> rows, string title)
    {
        ArgumentNullException.ThrowIfNull(rows);
        const double cellWidth = 46;
        string[] methods = [.. rows.Select(row => row.Method).Distinct()];
        string[] cases = [.. rows.Select(row => row.Case).Distinct()];
        HashSet<string> synthetic = [.. SuiteSummary.Synthetic(rows).Select(row => row.Case)];
        const double meanShift = 18;
        double width = Left + ((cases.Length + 1) * cellWidth) + meanShift + 32;
        using SvgPicture picture = new(
            title, "Wrong plus missing edges (SHD), mean over seeds; paler is better. The mean leaves out ioi.", Math.Max(width, 560), Top + (methods.Length * RowHeight) + 20);
        for (int column = 0; column < cases.Length; column++)
        {
            picture.Text(X(column), Top - 9, cases[column], "muted middle");
        }

        picture.Text(X(cases.Length) + meanShift, Top - 9, "mean", "strong middle");
        for (int line = 0; line < methods.Length; line++)
        {
            double y = Top + (line * RowHeight);
            SuiteRow[] own = [.. rows.Where(row => row.Method == methods[line])];
            picture.Text(Left - 10, y + 17, methods[line], "end");
            for (int column = 0; column < cases.Length; column++)
            {
                double distance = own.Where(row => row.Case == cases[column]).Average(row => row.Figures.HammingDistance);
                Cell(X(column), y, distance, $"{methods[line]} on {cases[column]}: {Short(distance)}");
            }

            SuiteRow[] averaged = [.. own.Where(row => synthetic.Contains(row.Case))];
            if (averaged.Length > 0)
            {
                double mean = averaged.GroupBy(row => row.Case).Average(group => group.Average(row => row.Figures.HammingDistance));
                Cell(X(cases.Length) + meanShift, y, mean, $"{methods[line]}, mean: {mean.ToString("F2", CultureInfo.InvariantCulture)}", "F2");
            }
        }

        return picture.Finish();

        double X(int column) => Left + ((column + 0.5) * cellWidth);

        void Cell(double x, double y, double distance, string tooltip, string format = "0.#")
        {
            // A distance of 10 is as wrong as colours tell.
            double wide = format == "F2" ? cellWidth + 8 : cellWidth;
            picture.Cell(x - (wide / 2) + 1.5, y + 1.5, wide - 3, RowHeight - 3, 0.06 + (0.74 * Math.Min(1, Math.Sqrt(distance / 10))), tooltip);
            picture.Text(x, y + 18, distance.ToString(format, CultureInfo.InvariantCulture), format == "F2" ? "strong middle" : "middle");
        }
    }

    /// <summary>Seconds per method and case on a logarithmic scale: a dot a case, a mark at the median.</summary>
    /// <param name="rows">The suite's rows; floors take no time and are left out.</param>
    /// <param name="title">A title of a few words.</param>
    public static string Seconds(IReadOnlyList<SuiteRow> rows, string title)
    {
        ArgumentNullException.ThrowIfNull(rows);
        const double scaleWidth = 560;
        SuiteRow[] timed = [.. rows.Where(row => row.Seconds is > 0)];
        string[] methods = [.. timed.Select(row => row.Method).Distinct()];
        double low = Math.Floor(Math.Log10(timed.Length > 0 ? timed.Min(row => row.Seconds!.Value) : 0.1));
        double high = Math.Max(low + 1, Math.Ceiling(Math.Log10(timed.Length > 0 ? timed.Max(row => row.Seconds!.Value) : 1)));
        double bottom = Top + (methods.Length * RowHeight);
        using SvgPicture picture = new(
            title, "Seconds a case, collection of activations counted, mean over seeds; a dot is a case, the mark the median.", Left + scaleWidth + 40, bottom + 40);
        for (int power = (int)low; power <= (int)high; power++)
        {
            double x = X(Math.Pow(10, power));
            picture.Line(x, Top, x, bottom, "grid");
            picture.Text(x, bottom + 18, power < 0 ? Math.Pow(10, power).ToString("0.######", CultureInfo.InvariantCulture) : Math.Pow(10, power).ToString("N0", CultureInfo.InvariantCulture), "muted middle");
        }

        for (int line = 0; line < methods.Length; line++)
        {
            double y = Top + ((line + 0.5) * RowHeight);
            picture.Text(Left - 10, y + 4, methods[line], "end");
            (string Case, double Seconds)[] cases =
                [.. timed.Where(row => row.Method == methods[line]).GroupBy(row => row.Case).Select(group => (group.Key, group.Average(row => row.Seconds!.Value))).OrderBy(item => item.Item2)];
            foreach ((string name, double seconds) in cases)
            {
                picture.Dot(X(seconds), y, $"{methods[line]} on {name}: {Short(seconds)} s");
            }

            double median = Math.Sqrt(cases[(cases.Length - 1) / 2].Seconds * cases[cases.Length / 2].Seconds);
            picture.Line(X(median), y - 9, X(median), y + 9, "mark");
        }

        return picture.Finish();

        double X(double seconds) => Left + (scaleWidth * (Math.Log10(seconds) - low) / (high - low));
    }

    /// <summary>A panel a method: the ROC curve of its absolute scores on every case, thin, and their mean, bold.</summary>
    /// <param name="rows">The suite's rows; floors are left out.</param>
    /// <param name="title">A title of a few words.</param>
    public static string RocCurves(IReadOnlyList<SuiteRow> rows, string title)
    {
        ArgumentNullException.ThrowIfNull(rows);
        const double size = 168;
        const double pitchX = 216;
        const double pitchY = 236;
        const int across = 4;
        string[] methods = [.. rows.Where(row => !row.IsFloor).Select(row => row.Method).Distinct()];
        int lines = (methods.Length + across - 1) / across;
        using SvgPicture picture = new(
            title,
            "Share of true edges found (up) and of other edges taken (across) as the threshold falls. Thin: one run; bold: their mean.",
            40 + (Math.Clamp(methods.Length, 3, across) * pitchX),
            76 + (lines * pitchY));
        for (int panel = 0; panel < methods.Length; panel++)
        {
            double left = 52 + (panel % across * pitchX);
            double top = 98 + (panel / across * pitchY);
            SuiteRow[] own = [.. rows.Where(row => row.Method == methods[panel])];
            double area = own.Average(row => row.Figures.AreaUnderCurve);
            picture.Text(left, top - 10, methods[panel], "strong");
            picture.Text(left + size, top - 10, FormattableString.Invariant($"mean AUROC {area:F3}"), "muted end");
            foreach (double share in new[] { 0, 0.5, 1 })
            {
                picture.Line(left, top + (share * size), left + size, top + (share * size), "grid");
                picture.Line(left + (share * size), top, left + (share * size), top + size, "grid");
                picture.Text(left + (share * size), top + size + 14, Short(share), "muted middle");
                picture.Text(left - 6, top + size - (share * size) + 4, Short(share), "muted end");
            }

            IReadOnlyList<(double X, double Y)>[] curves = [.. own.Select(row => CircuitFigures.RocCurve(row.Scores!, row.Truth))];
            foreach (IReadOnlyList<(double X, double Y)> curve in curves)
            {
                picture.Path(curve.Select(Place), "thin");
            }

            picture.Path(
                Enumerable.Range(0, 101).Select(i => (i / 100.0, curves.Average(curve => Height(curve, i / 100.0)))).Prepend((0, 0)).Select(Place),
                "bold");

            (double X, double Y) Place((double X, double Y) point) => (left + (point.X * size), top + size - (point.Y * size));
        }

        return picture.Finish();
    }

    // The curve's height at a false positive rate, linear between its points; where it rises steeply there, the top.
    private static double Height(IReadOnlyList<(double X, double Y)> curve, double x)
    {
        int after = 0;
        while (after < curve.Count && curve[after].X <= x)
        {
            after++;
        }

        (double X, double Y) below = curve[after - 1];
        return after == curve.Count ? below.Y : below.Y + ((x - below.X) / (curve[after].X - below.X) * (curve[after].Y - below.Y));
    }

    private static string Short(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
