namespace CircuitLasso.InterpBench;

/// <summary>Means over the cases of a suite, and differences between its methods.</summary>
public static class SuiteSummary
{
    private const string IndirectObjectName = "ioi";
    private const int Shares = 100;
    private static readonly HashSet<string> _chosenOn = ["3", "4", "11", "18", "19", "21", "33"];
    private static readonly string[] _compared = ["shd", "auroc", "average_precision", "f1"];

    /// <summary>The cases that the means are over: all but indirect object identification, which is of another kind and size.</summary>
    /// <param name="rows">Rows of a suite.</param>
    public static IReadOnlyList<SuiteRow> Synthetic(IEnumerable<SuiteRow> rows) => [.. rows.Where(row => row.Program != IndirectObjectName)];

    /// <summary>Those of them on which rules and options of the project's own methods were chosen (3, 4, 11, 18, 19, 21, 33).</summary>
    /// <param name="rows">Rows of a suite.</param>
    public static IReadOnlyList<SuiteRow> ChosenOn(IEnumerable<SuiteRow> rows) => [.. Synthetic(rows).Where(row => _chosenOn.Contains(row.Program))];

    /// <summary>The other ones, on which nothing was chosen.</summary>
    /// <param name="rows">Rows of a suite.</param>
    public static IReadOnlyList<SuiteRow> HeldOut(IEnumerable<SuiteRow> rows) => [.. Synthetic(rows).Where(row => !_chosenOn.Contains(row.Program))];

    /// <summary>Indirect object identification.</summary>
    /// <param name="rows">Rows of a suite.</param>
    public static IReadOnlyList<SuiteRow> IndirectObject(IEnumerable<SuiteRow> rows) => [.. rows.Where(row => row.Program == IndirectObjectName)];

    /// <summary>The mean of every method over cases: over the seeds of a case first.</summary>
    /// <param name="rows">The rows; methods come in the order in which they stand there.</param>
    public static IReadOnlyList<SuiteMean> Means(IReadOnlyList<SuiteRow> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return [.. rows.GroupBy(row => row.Method).Select(Mean)];
    }

    /// <summary>Every method less every other one and less the empty floor, paired by case.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="seed">Seed of the bootstrap.</param>
    public static IReadOnlyList<SuiteDifference> Differences(IReadOnlyList<SuiteRow> rows, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        IGrouping<string, SuiteRow>[] methods = [.. rows.GroupBy(row => row.Method)];
        Dictionary<string, (double Share, double Distance)?> rules = methods.ToDictionary(method => method.Key, OneRule);
        List<SuiteDifference> differences = [];
        foreach (IGrouping<string, SuiteRow> method in methods.Where(group => !group.First().IsFloor))
        {
            foreach (IGrouping<string, SuiteRow> other in methods.Where(group => group.Key != method.Key && (!group.First().IsFloor || group.Key == CircuitFloors.EmptyName)))
            {
                foreach (string number in _compared)
                {
                    Add(method.Key, other.Key, number, ByCase(method, row => Number(row, number)), ByCase(other, row => Number(row, number)));
                }

                if (rules[other.Key] is { } rule)
                {
                    Add(method.Key, other.Key, "shd_to_one_rule", ByCase(method, row => Number(row, "shd")), ByCase(other, row => DistanceAt(row, rule.Share)));
                }
            }
        }

        return differences;

        void Add(string method, string other, string number, IReadOnlyDictionary<string, double> left, IReadOnlyDictionary<string, double> right)
        {
            double[] paired = [.. left.Where(value => right.ContainsKey(value.Key)).Select(value => value.Value - right[value.Key])];
            if (paired.Length > 0)
            {
                differences.Add(new SuiteDifference(method, other, number, PairedBootstrap.Of(paired, seed)));
            }
        }
    }

    private static SuiteMean Mean(IGrouping<string, SuiteRow> method)
    {
        IGrouping<string, SuiteRow>[] cases = [.. method.GroupBy(row => row.Case)];
        Dictionary<string, double?> means = [];
        foreach (string name in method.First().Numbers().Select(number => number.Name))
        {
            double?[] values = [.. method.Select(row => row.Numbers().First(number => number.Name == name).Value)];
            means.Add(name, Array.TrueForAll(values, value => value is not null) ? ByCase(method, row => Number(row, name)).Values.Average() : null);
        }

        (double Share, double Distance)? rule = OneRule(method);
        return new SuiteMean(method.Key, cases.Length, means) { OneRuleDistance = rule?.Distance, OneRuleShare = rule?.Share };
    }

    private static Dictionary<string, double> ByCase(IEnumerable<SuiteRow> rows, Func<SuiteRow, double> number) =>
        rows.GroupBy(row => row.Case).ToDictionary(group => group.Key, group => group.Average(number));

    private static double Number(SuiteRow row, string name) => row.Numbers().First(number => number.Name == name).Value!.Value;

    // The largest of equally good shares, which keeps the fewest edges.
    private static (double Share, double Distance)? OneRule(IEnumerable<SuiteRow> rows)
    {
        if (rows.Any(row => row.IsFloor))
        {
            return null;
        }

        return Enumerable.Range(0, Shares)
            .Select(i => Math.Pow(10, -3.0 * i / (Shares - 1)))
            .Select(share => (share, ByCase(rows, row => DistanceAt(row, share)).Values.Average()))
            .MinBy(rule => rule.Item2);
    }

    private static double DistanceAt(SuiteRow row, double share) => CircuitFigures.HammingDistanceOf(
        EdgeSelection.Prune(row.Truth.Graph, EdgeSelection.AtLeastShareOfLargest(row.Scores!, share)), row.Truth);
}
