namespace CircuitLasso;

/// <content>The tables that a file need not have.</content>
internal sealed partial class CircuitFileReader
{
    private bool HasTable(string table) => Rows($"SELECT 1 FROM sqlite_schema WHERE name = '{table}' COLLATE NOCASE").Any();

    private CircuitExample[] Examples()
    {
        OrderedDictionary<long, CircuitExample> examples = [];
        foreach (object[] row in Rows("SELECT rowid, node, text, value FROM example ORDER BY rowid"))
        {
            if (!examples.TryAdd(Integer(row[0]), new CircuitExample(Text(row[1]), Text(row[2]), Real(row[3]))))
            {
                throw Refuse($"has example {row[0]} twice");
            }
        }

        Dictionary<long, List<ExampleToken>> tokens = [];
        foreach (object[] row in OptionalRows("example_token", "SELECT example, token, value FROM example_token ORDER BY example, position, rowid"))
        {
            long example = Integer(row[0]);
            if (!examples.ContainsKey(example))
            {
                throw Refuse("has a token of an example that is not there");
            }

            if (!tokens.TryGetValue(example, out List<ExampleToken>? list))
            {
                tokens.Add(example, list = []);
            }

            list.Add(new ExampleToken(Text(row[1]), Real(row[2])));
        }

        return [.. examples.Select(example => tokens.TryGetValue(example.Key, out List<ExampleToken>? list) ? example.Value with { Tokens = list } : example.Value)];
    }

    private FeatureProfile[] Profiles()
    {
        ILookup<string, ActivationBin> bins = OptionalRows("feature_histogram", "SELECT node, lower, upper, count FROM feature_histogram ORDER BY rowid")
            .ToLookup(row => Text(row[0]), row => new ActivationBin(Real(row[1]), Real(row[2]), Integer(row[3])));
        ILookup<(string, long), TokenEffect> tokens = OptionalRows("feature_token", "SELECT node, token, effect, promoted FROM feature_token ORDER BY rowid")
            .ToLookup(row => (Text(row[0]), Integer(row[3])), row => new TokenEffect(Text(row[1]), Real(row[2])));
        FeatureProfile[] profiles =
        [
            .. OptionalRows("feature_profile", "SELECT node, rows, active_rows, mean, maximum FROM feature_profile ORDER BY rowid")
                .Select(row => new FeatureProfile(Text(row[0]), Integer(row[1]), Integer(row[2]), Real(row[3]), Real(row[4]))
                {
                    Histogram = [.. bins[Text(row[0])]],
                    Promoted = [.. tokens[(Text(row[0]), 1)]],
                    Suppressed = [.. tokens[(Text(row[0]), 0)]],
                }),
        ];
        HashSet<string> known = [.. profiles.Select(profile => profile.Node)];
        if (bins.Select(group => group.Key).Concat(tokens.Select(group => group.Key.Item1)).FirstOrDefault(node => !known.Contains(node)) is { } stranger)
        {
            throw Refuse($"has a histogram or tokens of '{stranger}', which has no profile");
        }

        if (tokens.Any(group => group.Key.Item2 is not (0 or 1)))
        {
            throw Refuse("has a token whose promoted is neither 0 nor 1");
        }

        return profiles;
    }

    private Dictionary<long, AblationEffect> Effects(Dictionary<long, CircuitEdge> edges)
    {
        Dictionary<long, AblationEffect> effects = [];
        foreach (object[] row in OptionalRows("edge_effect", "SELECT edge, effect, rows FROM edge_effect"))
        {
            if (!edges.ContainsKey(Integer(row[0])) || !effects.TryAdd(Integer(row[0]), new AblationEffect(Real(row[1]), Integer(row[2]))))
            {
                throw Refuse("has the effect of an edge that is not there, or two of one edge");
            }
        }

        return effects;
    }

    private EdgeCoefficient[] Coefficients(Dictionary<long, CircuitEdge> edges) =>
    [
        .. OptionalRows("edge_coefficient", "SELECT edge, coordinate, output, value FROM edge_coefficient").Select(row =>
            edges.GetValueOrDefault(Integer(row[0])) is { } edge
                ? new EdgeCoefficient(edge.Source, edge.Target, Place(row[1]), Place(row[2]), Real(row[3]))
                : throw Refuse("has a coefficient of an edge that is not there")),
    ];

    private int Place(object value) => Integer(value) is >= 0 and <= int.MaxValue and long number ? (int)number : throw Refuse("has a coefficient at no possible coordinate or output");

    private IEnumerable<object[]> OptionalRows(string table, string query) => HasTable(table) ? Rows(query) : [];
}
