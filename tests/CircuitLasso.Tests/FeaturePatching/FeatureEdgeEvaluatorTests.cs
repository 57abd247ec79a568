using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

public sealed class FeatureEdgeEvaluatorTests
{
    private static readonly string[] _names = ["embed", "resid_post.0", "resid_post.1"];

    [Theory]
    [InlineData("gpt2", false, false, false)]
    [InlineData("llama", true, false, false)]
    [InlineData("llama", false, true, false)]
    [InlineData("gpt2", true, true, false)]
    [InlineData("llama", false, false, true)]
    [InlineData("gpt2", true, true, true)]
    public void With_nothing_kept_edges_give_what_node_ablation_gives_with_nothing_kept(string name, bool isRecomputed, bool skips, bool keepPositions)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        BehaviourTask task = FeaturePatcherTests.Task();
        FeatureEdgeEvaluator evaluator = new(sites, task, Random(sites, skips, keepPositions), "test");
        CircuitEvaluation none = isRecomputed ? evaluator.Recomputed([]) : evaluator.Learned([]);
        CircuitEvaluation nodes = new FeatureCircuitEvaluator(sites, task).Evaluate([]);
        Assert.Equal(nodes.EmptyLoss, none.EmptyLoss, 1e-4);
        Assert.Equal(none.EmptyLoss, none.CircuitLoss);
        Assert.Equal(0, none.Faithfulness);

        // The complement of nothing is the model itself.
        Assert.Equal(nodes.ModelLoss, none.ComplementLoss, 1e-3);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_learned_rule_is_its_formula_computed_text_by_text_whatever_sites_and_positions_an_edge_crosses(bool skips, bool keepPositions)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        BehaviourTask task = FeaturePatcherTests.Task();
        Circuit circuit = Random(sites, skips, keepPositions);
        Random random = new(3);
        CircuitEdge[] kept = [.. circuit.Edges.Where(_ => random.Next(3) > 0)];
        List<double> byErrors = [];
        foreach (bool keepsUnexplained in (bool[])[false, true])
        {
            CircuitEvaluation actual = new FeatureEdgeEvaluator(sites, task, circuit, "test", keepsUnexplained, memoryBytes: 1 << 18).Learned(kept);
            Assert.Equal(-Slow(sites, task, circuit, kept, keepsUnexplained), actual.CircuitLoss, 1e-4);
            Assert.NotEqual(actual.EmptyLoss, actual.CircuitLoss, 1e-4);
            byErrors.Add(actual.CircuitLoss - new FeatureEdgeEvaluator(sites, task, circuit.With(coefficients: []), "test", keepsUnexplained, memoryBytes: 1 << 18).Learned(kept).CircuitLoss);
        }

        // What errors give counts, but where the rule has 0 with them and without.
        Assert.Contains(byErrors, difference => Math.Abs(difference) > 1e-3);

        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Keeping_every_edge_and_what_they_do_not_explain_leaves_the_nodes_of_the_circuit_as_they_are(bool skips, bool keepPositions)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        BehaviourTask task = FeaturePatcherTests.Task();
        Circuit circuit = Random(sites, skips, keepPositions);
        CircuitEvaluation edges = new FeatureEdgeEvaluator(sites, task, circuit, "test", keepsUnexplained: true).Learned([.. circuit.Edges]);

        // Only the last site's own reading is left: nodes with an edge into the behaviour are kept there.
        AutoencoderSites last = new(model, [sites[2]]);
        FeatureNode[] read = [.. circuit.Edges.Where(edge => edge.Target == "y").Select(edge => last.Find(edge.Source)).OfType<FeatureNode>()];
        Assert.Equal(new FeatureCircuitEvaluator(last, task).Evaluate(read).CircuitLoss, edges.CircuitLoss, 1e-3);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Path_patching_of_all_edges_between_all_nodes_is_the_model_itself()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "attn_out.1", "mlp_out.1", "resid_post.1");
        BehaviourTask task = FeaturePatcherTests.Task();
        FeatureNode[] nodes = [.. new FeatureCircuitEvaluator(sites, task).Candidates];
        IEnumerable<CircuitEdge> Into(string target, int place) => FeatureEdgeGradients.SourcesOf(sites, place)
            .SelectMany(site => nodes.Where(node => node.Site == site)).Select((node, i) => new CircuitEdge(sites.NameOf(node), target, i + 1));
        Circuit circuit = new(
            [.. nodes.Select(node => new CircuitNode(sites.NameOf(node), node.IsError ? CircuitNodeKind.Error : CircuitNodeKind.Feature, node.Site)), new CircuitNode("y", CircuitNodeKind.Target, sites.Count)],
            [.. nodes.Where(node => !node.IsError).SelectMany(node => Into(sites.NameOf(node), node.Site)), .. Into("y", sites.Count)]);
        FeatureEdgeEvaluator evaluator = new(sites, task, circuit, "test");
        Assert.False(evaluator.HasCoefficients);
        Assert.Throws<InvalidOperationException>(() => evaluator.Learned([]));
        CircuitEvaluation all = evaluator.Recomputed([.. circuit.Edges]);
        Assert.Equal(all.ModelLoss, all.CircuitLoss, 1e-3);
        Assert.Equal(0, all.Completeness, 1e-3);
        FeatureCurve curve = evaluator.Curve("weights", evaluator.ByContribution(), isRecomputed: true, [1, 40, circuit.Edges.Count]);
        Assert.Equal(3, curve.Points.Count);
        Assert.Equal(1, FeatureEdgeEvaluator.Correlation(curve, curve), 1e-9);
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void Circuits_that_cannot_be_measured_are_refused_in_one_line()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, _names);
        BehaviourTask task = FeaturePatcherTests.Task();
        CircuitNode y = new("y", CircuitNodeKind.Target, 3);
        CircuitNode Feature(string name, int place) => new(name, CircuitNodeKind.Feature, place);
        Circuit[] bad =
        [
            new([Feature("embed/1", 0), Feature("resid_post.0/2", 1)], [new CircuitEdge("embed/1", "resid_post.0/2", 1)]),
            new([Feature("resid_post.7/1", 0), y], [new CircuitEdge("resid_post.7/1", "y", 1)]),
            new([Feature("resid_post.1/1@2", 0), Feature("resid_post.1/1", 0), y], [new CircuitEdge("resid_post.1/1@2", "y", 1), new CircuitEdge("resid_post.1/1", "y", 1)]),
            new([Feature("embed/1@3", 0), Feature("resid_post.0/2@1", 1), y], [new CircuitEdge("embed/1@3", "resid_post.0/2@1", 1), new CircuitEdge("resid_post.0/2@1", "y", 1)]),
            new([y], []),
            new(
                [new CircuitNode("embed/error", CircuitNodeKind.Error, 0), Feature("resid_post.0/2", 1), y],
                [new CircuitEdge("embed/error", "resid_post.0/2", 1), new CircuitEdge("resid_post.0/2", "y", 1)]) { Coefficients = [new EdgeCoefficient("embed/error", "resid_post.0/2", 12, 0, 1)] },
        ];
        Assert.All(bad, circuit => Assert.Throws<InputException>(() => new FeatureEdgeEvaluator(sites, task, circuit, "test")));
        TinyAutoencoders.Free(sites);
    }

    // Random coefficients between the first eight features of each site, and from the error, to those of the site before, or of every site before; or between four at two positions, never backwards in the text.
    private static Circuit Random(AutoencoderSites sites, bool skips, bool keepPositions)
    {
        FeatureNode Node(int site, int number) => keepPositions ? new FeatureNode(site, number / 2, number % 2 == 0 ? 0 : 2) : new FeatureNode(site, number);
        Random random = new(11), ofErrors = new(12);
        List<CircuitNode> nodes = [new("y", CircuitNodeKind.Target, sites.Count)];
        List<CircuitEdge> edges = [];
        List<EdgeCoefficient> coefficients = [];
        for (int site = 0; site < sites.Count; site++)
        {
            FeatureNode[] errors = [.. (keepPositions ? (int[])[0, 2] : [FeatureNode.Everywhere]).Select(position => new FeatureNode(site, FeatureNode.Error, position))];
            nodes.AddRange(errors.Where(_ => site < sites.Count - 1).Select(error => new CircuitNode(sites.NameOf(error), CircuitNodeKind.Error, site)));
            for (int feature = 0; feature < 8; feature++)
            {
                string name = sites.NameOf(Node(site, feature));
                nodes.Add(new CircuitNode(name, CircuitNodeKind.Feature, site) { Relevance = random.NextDouble() });
                for (int source = skips ? 0 : 8 * Math.Max(0, site - 1); source < 8 * site; source++)
                {
                    if (random.Next(3) > 0 && Node(source / 8, source % 8).Position <= Node(site, feature).Position)
                    {
                        double weight = random.NextDouble() - 0.3;
                        edges.Add(new CircuitEdge(sites.NameOf(Node(source / 8, source % 8)), name, weight) { Norm = Math.Abs(weight) });
                    }
                }

                for (int source = skips ? 0 : Math.Max(0, site - 1); source < site; source++)
                {
                    foreach (FeatureNode error in errors.Where(error => error.Position <= Node(site, feature).Position).Select(error => error with { Site = source }))
                    {
                        edges.Add(new CircuitEdge(sites.NameOf(error), name, 1) { Norm = 1 });
                        coefficients.AddRange(Enumerable.Range(0, 12).Where(_ => ofErrors.Next(3) > 0).Select(i => new EdgeCoefficient(sites.NameOf(error), name, i, 0, ofErrors.NextDouble() - 0.5)));
                    }
                }

                if (skips || site == sites.Count - 1)
                {
                    edges.Add(new CircuitEdge(name, "y", 1) { Norm = 1 });
                }
            }
        }

        return new Circuit(nodes, edges, "y") { Coefficients = coefficients };
    }

    private static double Slow(AutoencoderSites sites, BehaviourTask task, Circuit circuit, CircuitEdge[] kept, bool keepsUnexplained)
    {
        using IDisposable mode = GradientMode.Disable();
        double score = 0;
        foreach (BehaviourText text in task.Texts)
        {
            using TensorScope scope = new();
            State clean = new(sites, text.Clean);
            State[] corrupt = [.. task.Texts.Select(other => new State(sites, other.Corrupt))];
            float[] last = [];
            Dictionary<string, double> values = [];
            for (int position = 0; position < text.Clean.Length; position++)
            {
                State[] reaching = [.. corrupt.Where(other => other.Positions > position)];
                foreach (CircuitNode node in circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature && PositionOf(sites, node.Name, position) == position))
                {
                    double Carried(State state, CircuitEdge edge, double source) => circuit[edge.Source].Kind == CircuitNodeKind.Error
                        ? state.Scale(node.Name, position) * circuit.Coefficients.Where(part => (part.Source, part.Target) == (edge.Source, edge.Target))
                            .Sum(part => part.Value * state.Left(edge.Source, PositionOf(sites, edge.Source, position), part.Coordinate))
                        : state.Scale(node.Name, position) / state.Scale(edge.Source, PositionOf(sites, edge.Source, position)) * edge.Weight * source;
                    double Own(State state, CircuitEdge edge) => state.Value(edge.Source, PositionOf(sites, edge.Source, position));
                    CircuitEdge[] into = [.. circuit.Edges.Where(edge => edge.Target == node.Name)];
                    double mean = reaching.Average(state => state.Value(node.Name, position));
                    if (node.Place == 0)
                    {
                        values[node.Name] = clean.Value(node.Name, position);
                        continue;
                    }

                    double all = keepsUnexplained
                        ? clean.Value(node.Name, position) - into.Sum(edge => Carried(clean, edge, Own(clean, edge)))
                        : mean - into.Sum(edge => reaching.Average(state => Carried(state, edge, Own(state, edge))));
                    foreach (CircuitEdge edge in into)
                    {
                        all += kept.Contains(edge) ? Carried(clean, edge, values.GetValueOrDefault(edge.Source)) : reaching.Average(state => Carried(state, edge, Own(state, edge)));
                    }

                    values[node.Name] = Math.Max(0, all);
                }

                double[] activation = [.. Enumerable.Range(0, 12).Select(i => reaching.Average(state => state.Activation(position, i)))];
                foreach (CircuitEdge edge in kept.Where(edge => edge.Target == "y" && edge.Source.StartsWith("resid_post.1/", StringComparison.Ordinal) && PositionOf(sites, edge.Source, position) == position))
                {
                    ReadOnlySpan<float> direction = sites[2].Autoencoder.DecoderDirection(sites.Find(edge.Source)!.Value.Feature);
                    double moved = values[edge.Source] - reaching.Average(state => state.Value(edge.Source, position));
                    for (int i = 0; i < activation.Length; i++)
                    {
                        activation[i] += moved * direction[i];
                    }
                }

                last = [.. last, .. activation.Select(value => (float)value)];
            }

            float[] logits = sites.Model.Unembed(Tensor.FromValues(last, text.Clean.Length, 12)).LogSoftmax().ToArray();
            int outputs = logits.Length / text.Clean.Length;
            score += text.Terms.Sum(term => term.Weight * (double)logits[(term.Position * outputs) + term.Token]) / task.Pairs;
        }

        return score;
    }

    private static int PositionOf(AutoencoderSites sites, string node, int position) => sites.Find(node)!.Value.Position is >= 0 and int own ? own : position;

    // One text alone at every site.
    private sealed class State
    {
        private readonly AutoencoderSites _sites;
        private readonly SiteState[] _states;

        public State(AutoencoderSites sites, int[] text)
        {
            _sites = sites;
            _states = FeaturePass.Record(sites, new TokenBatch([text]));
            Positions = text.Length;
        }

        public int Positions { get; }

        public double Value(string node, int position)
        {
            FeatureNode of = _sites.Find(node)!.Value;
            FeatureRow row = _states[of.Site].Row(position);
            int at = row.Indices.BinarySearch(of.Feature);
            return at < 0 ? 0 : row.Values[at];
        }

        public double Scale(string node, int position) => _states[_sites.Find(node)!.Value.Site].Scale(position);

        // What the autoencoder's own reconstruction leaves of one row.
        public double Left(string node, int position, int coordinate)
        {
            int site = _sites.Find(node)!.Value.Site;
            float[] row = _states[site].Values[(position * 12)..((position + 1) * 12)], left = new float[12];
            _sites[site].Autoencoder.Error(row, row, left);
            return left[coordinate];
        }

        public double Activation(int position, int column) => _states[^1].Values[(position * 12) + column];
    }
}
