namespace CircuitLasso;

/// <summary>
/// The nodes and edges of a feature circuit while it is learnt backwards, and for each node the linear map T to the target through all that comes after it:
/// T_u = A[u,y] + sum over v of A[u,v] T_v.
/// </summary>
/// <param name="minimumRelevance">Edges that carry a smaller share of the target's variation stay candidates.</param>
/// <param name="promptRow">The row whose contributions are kept too, among the rows that count; null for none.</param>
internal sealed class FeatureGraph(double minimumRelevance, int? promptRow)
{
    private readonly Dictionary<FeatureSite, SortedDictionary<int, double[]>> _features = [];
    private readonly Dictionary<FeatureSite, double[]> _errors = [];
    private readonly Dictionary<string, CircuitNode> _nodes = [];
    private readonly HashSet<string> _kept = [];
    private readonly List<CircuitEdge> _edges = [];
    private readonly List<EdgeCoefficient> _coefficients = [];
    private readonly Dictionary<(string Source, string Target), double> _carried = [];
    private readonly Dictionary<string, double> _reach = [];
    private double _variation;

    /// <summary>What relevance is a share of, output by output: a number for each row, less their mean. Set before an edge is added, unless maps are not followed.</summary>
    public IReadOnlyList<double[]> Response
    {
        get;
        set => (field, _variation) = (value, value.Sum(output => output.Sum(number => number * number)));
    } = [];

    /// <summary>Number of coefficients that are not zero.</summary>
    public long NonZeros { get; private set; }

    /// <summary>Number of edges.</summary>
    public int Edges => _edges.Count;

    /// <summary>The share of the target's variation that goes along with what columns give it, at most 1; which way they go does not matter.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="maps">What each of them gives each output.</param>
    public double Relevance(FeatureColumns columns, IEnumerable<(int Column, double[] Map)> maps)
    {
        double given = maps.Sum(pair => pair.Map.Select((weight, output) => weight == 0 ? 0 : weight * columns.Covariation(pair.Column, Response[output])).Sum());
        return Share(Math.Abs(given));
    }

    /// <summary>Sets the target.</summary>
    public void AddTarget(CircuitNode node)
    {
        _nodes[node.Name] = node;
        _kept.Add(node.Name);
    }

    /// <summary>Takes a feature as what is explained.</summary>
    public void StartFrom(FeatureSite site, int feature) => MapsOf(site)[feature] = [1];

    /// <summary>Adds what a regression found.</summary>
    /// <param name="source">The columns of the sources.</param>
    /// <param name="target">The node that was explained.</param>
    /// <param name="entries">Coefficients, by ascending column.</param>
    /// <param name="through">The target's own map to y, or null where the target is y, whose coefficients are the map.</param>
    /// <param name="follow">Whether maps are kept; without them nodes are made at once.</param>
    public void Add(FeatureColumns source, string target, IReadOnlyList<FeatureEntry> entries, double[]? through, bool follow = true)
    {
        NonZeros += entries.Sum(entry => (long)entry.Values.Length);
        foreach (IGrouping<FeatureBlock, FeatureEntry> group in entries.GroupBy(entry => source.BlockOf(entry.Column)))
        {
            FeatureBlock block = group.Key;
            foreach (FeatureEntry entry in group.Where(entry => entry.Column < block.FirstError))
            {
                int feature = entry.Column - block.FirstFeature;
                AddEdge(source, block, block.Site.NodeName(feature), target, [entry], follow ? Share(Carried(source, [entry], through)) : 1);
                if (follow)
                {
                    AddMap(MapsOf(block.Site), feature, entry.Values, through);
                }
                else
                {
                    AddNode(block.Site, feature, 0, null, isKept: true);
                }
            }

            FeatureEntry[] errors = [.. group.Where(entry => entry.Column >= block.FirstError)];
            if (errors.Length > 0)
            {
                AddErrors(source, block, target, errors, through, follow);
            }
        }
    }

    /// <summary>The features of a site that reach the target, with their maps.</summary>
    public IReadOnlyDictionary<int, double[]> MapsFrom(FeatureSite site) => MapsOf(site);

    /// <summary>Whether anything of a site reaches the target.</summary>
    public bool Reaches(FeatureSite site) => _features.ContainsKey(site) || _errors.ContainsKey(site);

    /// <summary>The map of a site's error, coordinates x outputs; null where it does not reach the target.</summary>
    public double[]? ErrorMap(FeatureSite site) => _errors.GetValueOrDefault(site);

    /// <summary>Makes a node.</summary>
    public void AddNode(FeatureSite site, int? feature, double relevance, double? explained, bool isKept)
    {
        string name = site.NodeName(feature).ToString();
        _nodes[name] = new CircuitNode(name, feature is null ? CircuitNodeKind.Error : CircuitNodeKind.Feature, site.Place) { Layer = site.Layer, Relevance = relevance, Explained = explained };
        if (isKept)
        {
            _kept.Add(name);
        }
    }

    /// <summary>Says how much of a node's variation its sources explain.</summary>
    public void SetExplained(string node, double explained) => _nodes[node] = _nodes[node] with { Explained = explained };

    /// <summary>Says what a node gives the target on the prompt's row.</summary>
    public void SetReach(FeatureSite site, int? feature, double reach) => _reach[site.NodeName(feature).ToString()] = reach;

    /// <summary>The circuit of the data set: edges between nodes that were kept and reach the target; the others are candidates.</summary>
    public Circuit ToCircuit(string? target)
    {
        Circuit all = new(_nodes.Values, _edges.Select(edge => edge with { InCircuit = edge.InCircuit && _kept.Contains(edge.Source) && _kept.Contains(edge.Target) }), target) { Coefficients = _coefficients };
        return target is null ? all : all.Prune(needsIncoming: false);
    }

    /// <summary>The circuit of the prompt: what each edge of the circuit carries on its row. A node's relevance is its share of what the nodes of its place give the target there.</summary>
    public Circuit ToPrompt(Circuit circuit)
    {
        Dictionary<int, double> sums = circuit.Nodes.GroupBy(node => node.Place).ToDictionary(group => group.Key, group => group.Sum(Reach));
        Circuit prompt = new(
            circuit.Nodes.Select(node => node.Name == circuit.Target.Name ? node : node with { Relevance = sums[node.Place] > 0 ? Reach(node) / sums[node.Place] : 0 }),
            circuit.Edges.Where(edge => edge.InCircuit && _carried[(edge.Source, edge.Target)] != 0).Select(edge => edge with { Weight = _carried[(edge.Source, edge.Target)] }),
            circuit.Target.Name)
        {
            Provenance = circuit.Provenance,
        };
        return prompt.Prune(needsIncoming: false).WithoutCandidates();
    }

    private double Reach(CircuitNode node) => _reach.GetValueOrDefault(node.Name);

    private double Share(double variation) => _variation > 0 ? Math.Min(1, variation / _variation) : 0;

    private static void AddMap(SortedDictionary<int, double[]> maps, int feature, double[] values, double[]? through)
    {
        int outputs = through?.Length ?? values.Length;
        if (!maps.TryGetValue(feature, out double[]? map))
        {
            maps[feature] = map = new double[outputs];
        }

        for (int k = 0; k < outputs; k++)
        {
            map[k] += through is null ? values[k] : values[0] * through[k];
        }
    }

    // What an edge carries of its target, times what that gives y.
    private static double Carried(FeatureColumns source, FeatureEntry[] entries, double[]? through) =>
        (entries.Length == 1
            ? source.Variation(entries[0].Column) * entries[0].Values.Sum(value => value * value)
            : Enumerable.Range(0, entries[0].Values.Length).Sum(k => source.Combine(entries.Select(entry => (entry.Column, entry.Values[k]))).Sum(value => value * value)))
        * (through?.Sum(value => value * value) ?? 1);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));

    private SortedDictionary<int, double[]> MapsOf(FeatureSite site)
    {
        if (!_features.TryGetValue(site, out SortedDictionary<int, double[]>? maps))
        {
            _features[site] = maps = [];
        }

        return maps;
    }

    private void AddErrors(FeatureColumns source, FeatureBlock block, string target, FeatureEntry[] errors, double[]? through, bool follow)
    {
        FeatureNodeName name = block.Site.NodeName(null);
        AddEdge(source, block, name, target, errors, follow ? Share(Carried(source, errors, through)) : 1);
        if (!follow)
        {
            AddNode(block.Site, null, 0, null, isKept: true);
            return;
        }

        int width = block.End - block.FirstError, values = errors[0].Values.Length;
        int outputs = through?.Length ?? values;
        if (!_errors.TryGetValue(block.Site, out double[]? map))
        {
            _errors[block.Site] = map = new double[width * outputs];
        }

        foreach (FeatureEntry entry in errors)
        {
            for (int k = 0; k < outputs; k++)
            {
                map[((entry.Column - block.FirstError) * outputs) + k] += through is null ? entry.Values[k] : entry.Values[0] * through[k];
            }
        }
    }

    private void AddEdge(FeatureColumns source, FeatureBlock block, FeatureNodeName name, string target, FeatureEntry[] entries, double relevance)
    {
        string from = name.ToString();
        foreach (FeatureEntry entry in name.IsError || entries[0].Values.Length > 1 ? entries : [])
        {
            for (int k = 0; k < entry.Values.Length; k++)
            {
                if (entry.Values[k] != 0)
                {
                    _coefficients.Add(new EdgeCoefficient(from, target, name.IsError ? entry.Column - block.FirstError : 0, k, entry.Values[k]));
                }
            }
        }

        double norm = Norm(entries.SelectMany(entry => entry.Values));
        bool signed = !name.IsError && entries[0].Values.Length == 1;
        _edges.Add(new CircuitEdge(from, target, signed ? entries[0].Values[0] : norm)
        {
            Norm = norm,
            EntersAtLambda = entries.Max(entry => entry.EntersAt),
            Stability = entries.Max(entry => entry.Stability),
            InCircuit = relevance >= minimumRelevance,
        });
        if (promptRow is { } row)
        {
            double[] carried = new double[entries[0].Values.Length];
            foreach (FeatureEntry entry in entries)
            {
                double activation = source.Value(entry.Column, row);
                for (int k = 0; k < carried.Length; k++)
                {
                    carried[k] += entry.Values[k] * activation;
                }
            }

            _carried[(from, target)] = carried.Length == 1 ? carried[0] : Norm(carried);
        }
    }
}
