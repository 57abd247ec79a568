using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Tests;

public sealed class ReadoutBehaviourTests : IDisposable
{
    // Transcoders with a skip connection, the second, and without.
    private static readonly string[] _withTranscoders = ["embed", "attn_in.0:attn_out.0", "mlp_in.1:mlp_out.1", "resid_post.1"];
    private readonly TinyLanguageModel _tiny = new();

    public static MatrixTheoryData<Pooling, int> Poolings => new(Enum.GetValues<Pooling>(), [0, 2, 3]);

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [MemberData(nameof(Poolings))]
    public void Scores_by_hand_from_the_rows_of_a_store_are_the_behaviour_of_the_model(Pooling pooling, int classes)
    {
        const int Longest = 8;
        AutoencoderSites sites = TinyAutoencoders.Sites(_tiny.Model, "embed", "resid_post.0", classes == 2 ? "mlp_in.1:mlp_out.1" : "mlp_out.1", "resid_post.1");
        string[] texts = TinyLanguageModel.Texts(40);
        CollectionOptions options = _tiny.Options("embed", pooling) with { Sites = [], Autoencoders = [.. sites], MaximumTokens = Longest };
        _tiny.Collector(_tiny.WriteText("texts.txt", texts), options).Run(_tiny.PathOf("store"), cancellation: TestContext.Current.CancellationToken);
        using ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("store"));
        CircuitReadout random = TinyReadouts.Create(pooling, classes, sites, "resid_post.0", "mlp_out.1");
        CircuitReadout readout = new(random.Pooling, random.Intercepts, random.Coefficients, random.Classes, random.Mean, Longest);
        string[] labels = [.. texts.Select((_, i) => classes == 0 ? $"{(i % 5) - 1.5:0.0}" : readout.Classes[i % classes])];
        string labelled = _tiny.WriteText("labelled.tsv", texts.Zip(labels, (text, label) => $"{label}\t{text}"));
        ReadoutBehaviour behaviour = new(readout, sites, "test");
        LabelledTaskFile file = LabelledTaskFile.Read(labelled, "2", "1", _tiny.Tokenizer, behaviour);
        Assert.Contains("cut to 8 tokens", file.Message, StringComparison.Ordinal);
        double[] scores = file.Task.Scores(_tiny.Model, 1 << 16);
        StoreRow[] rows = new StoreRow[store.RowCount];
        store.ReadRowDescriptions(0, rows);
        for (int text = 0; text < texts.Length; text++)
        {
            double[] outputs = [.. readout.Intercepts];
            int[] own = [.. Enumerable.Range(0, rows.Length).Where(row => rows[row].Text == text)];
            foreach (ReadoutCoefficient part in readout.Coefficients)
            {
                outputs[part.Output] += part.Value * own.Average(row => (double)Stored(store, part, row));
            }

            double answer = classes == 0 ? (text % 5) - 1.5 : text % classes;
            Assert.Equal(SlowReadout.Behaviour(readout, outputs, answer), scores[text], 1e-5);
        }

        // Only sites up to the last one that is read have a say.
        Assert.Equal(["embed", "resid_post.0", "mlp_out.1"], behaviour.Sites.Select(site => site.Site.ToString()));
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(Pooling.Mean, 2, FeatureReplacement.Mean)]
    [InlineData(Pooling.Max, 3, FeatureReplacement.Mean)]
    [InlineData(Pooling.Sum, 0, FeatureReplacement.Zero)]
    [InlineData(Pooling.Last, 2, FeatureReplacement.Mean)]
    [InlineData(Pooling.None, 3, FeatureReplacement.Zero)]
    [InlineData(Pooling.Mean, 3, FeatureReplacement.Mean, true)]
    [InlineData(Pooling.Max, 0, FeatureReplacement.Zero, true)]
    [InlineData(Pooling.None, 2, FeatureReplacement.Mean, false, true)]
    [InlineData(Pooling.None, 0, FeatureReplacement.Zero, true, true)]
    [InlineData(Pooling.None, 3, FeatureReplacement.Mean, false, true)]
    public void A_random_circuit_agrees_with_one_computed_dense_and_text_by_text(Pooling pooling, int classes, FeatureReplacement ablation, bool hasTranscoders = false, bool keepsPositions = false)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, hasTranscoders ? _withTranscoders : ["embed", "attn_out.0", "resid_post.0", "mlp_out.1", "resid_post.1"]);
        ReadoutBehaviour behaviour = new(Create(pooling, keepsPositions, classes, sites, hasTranscoders ? ["attn_out.0", "mlp_out.1", "resid_post.1"] : ["resid_post.0", "resid_post.1"]), sites, "test");
        BehaviourTask task = TinyReadouts.Task(FeaturePatcherTests.Task(), behaviour);
        FeatureCircuitEvaluator evaluator = new(sites, task, ablation, memoryBytes: 1 << 18);
        FeatureNode[] kept = [.. evaluator.Random(5).Nodes.Take(evaluator.Candidates.Count / 2)];
        CircuitEvaluation actual = evaluator.Evaluate(kept);
        SlowReadout slow = new(sites, task, ablation);
        Assert.Equal(-slow.Score(null), actual.ModelLoss, 1e-4);
        Assert.Equal(-slow.Score(_ => false), actual.EmptyLoss, 1e-4);
        Assert.Equal(-slow.Score(kept.Contains), actual.CircuitLoss, 1e-4);
        Assert.Equal(-slow.Score(node => !kept.Contains(node)), actual.ComplementLoss, 1e-4);
        Assert.NotEqual(actual.ModelLoss, actual.EmptyLoss, 1e-2);

        // All that is active, kept, is the model itself.
        Assert.Equal(1, evaluator.Evaluate([.. evaluator.Candidates]).Faithfulness, 1e-3);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData("gpt2", Pooling.Mean, 2)]
    [InlineData("gpt2", Pooling.Max, 3)]
    [InlineData("llama", Pooling.Sum, 3)]
    [InlineData("llama", Pooling.Last, 0)]
    [InlineData("parallel", Pooling.None, 3)]
    [InlineData("gpt2", Pooling.Mean, 3, true)]
    [InlineData("llama", Pooling.Last, 2, true)]
    [InlineData("gpt2", Pooling.None, 3, false, true)]
    [InlineData("llama", Pooling.None, 2, true, true)]
    public void Gradients_are_finite_differences_wherever_no_feature_is_switched_within_the_step(string name, Pooling pooling, int classes, bool hasTranscoders = false, bool keepsPositions = false)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, hasTranscoders ? _withTranscoders : ["embed", "attn_z.0", "resid_post.0", "mlp_out.1", "resid_post.1"]);
        ReadoutBehaviour behaviour = new(Create(pooling, keepsPositions, classes, sites, hasTranscoders ? "attn_out.0" : "resid_post.0", "mlp_out.1", "resid_post.1"), sites, "test");
        FeaturePatcher patcher = new(sites, TinyReadouts.Task(FeaturePatcherTests.Task(), behaviour, hasPairs: true));
        FeatureEffects effects = patcher.Attribution();
        FeatureNode[] nodes = [.. effects.Values.Keys.Where((node, i) => i % 2 == 0 || node.IsError)];
        (double Central, double Bend)[] Differences(double share) =>
            [.. patcher.Exact(nodes, share).Zip(patcher.Exact(nodes, -share), (forwards, backwards) => ((forwards - backwards) / (2 * share), Math.Abs(forwards + backwards) / share))];
        (double Central, double Bend)[] near = Differences(0.001), far = Differences(0.002);
        int smooth = 0;
        for (int i = 0; i < nodes.Length; i++)
        {
            // A feature that is switched, or a maximum that passes to another position, makes the step uneven.
            if (Math.Abs(near[i].Central - far[i].Central) <= 2e-3 * (1 + Math.Abs(near[i].Central)) && near[i].Bend <= 0.02 * (1 + Math.Abs(near[i].Central)))
            {
                smooth++;
                Assert.True(Math.Abs(near[i].Central - effects.Values[nodes[i]]) <= 5e-3 * (1 + Math.Abs(near[i].Central)), $"{sites.NameOf(nodes[i])}: {near[i]} {effects.Values[nodes[i]]}");
            }
        }

        Assert.True(smooth > 0.4 * nodes.Length, $"{smooth} of {nodes.Length} are smooth");
        Assert.Contains(near, effect => Math.Abs(effect.Central) > 0.05);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData(Pooling.Mean, FeatureReplacement.Zero)]
    [InlineData(Pooling.Sum, FeatureReplacement.Mean)]
    [InlineData(Pooling.Last, FeatureReplacement.Mean)]
    [InlineData(Pooling.None, FeatureReplacement.Zero)]
    [InlineData(Pooling.None, FeatureReplacement.Mean, true)]
    public void Where_the_readout_is_linear_effects_at_its_last_site_are_coefficients_times_movements_of_what_it_reads(Pooling pooling, FeatureReplacement replacement, bool keepsPositions = false)
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "resid_post.0", "resid_post.1");
        ReadoutBehaviour behaviour = new(Create(pooling, keepsPositions, 2, sites, "resid_post.1"), sites, "test");
        FeaturePatcher patcher = new(sites, TinyReadouts.Task(FeaturePatcherTests.Task(), behaviour), replacement);
        FeatureEffects effects = patcher.IntegratedGradients(3);
        FeatureNode[] nodes = [.. effects.Values.Keys.Where(node => node.Site == 1)];
        double[] exact = patcher.Exact(nodes);
        Assert.All(nodes, (node, i) => Assert.Equal(exact[i], effects.Values[node], 1e-4));
        Assert.Equal(patcher.ExactSite(1), nodes.Sum(node => effects.Values[node]), 1e-4);
        bool IsRead(FeatureNode node) => behaviour.Readout.Coefficients.Any(part => part.IsError ? node.IsError : part.Index == node.Feature);
        Assert.All(nodes.Where(node => !IsRead(node)), node => Assert.Equal(0, effects.Values[node]));
        Assert.Contains(nodes.Where(IsRead), node => Math.Abs(effects.Values[node]) > 0.05);
        TinyAutoencoders.Free(sites);
    }

    [Theory]
    [InlineData("gpt2", Pooling.Mean, false)]
    [InlineData("llama", Pooling.Max, true)]
    [InlineData("parallel", Pooling.Sum, false)]
    [InlineData("gpt2", Pooling.None, true, true)]
    public void Edges_of_sfc_that_leave_a_node_add_up_to_its_effect_on_the_readout(string name, Pooling pooling, bool keepPositions, bool readsPositions = false)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        AutoencoderSites sites = TinyAutoencoders.Sites(model, "embed", "attn_out.0", "mlp_out.0", "resid_post.0", "resid_post.1");
        ReadoutBehaviour behaviour = new(Create(pooling, readsPositions, 3, sites, "mlp_out.0", "resid_post.0", "resid_post.1"), sites, "test");
        FeaturePatcher patcher = new(sites, TinyReadouts.Task(FeaturePatcherTests.Task(), behaviour), FeatureReplacement.Zero);
        SparseFeatureCircuit found = SparseFeatureCircuits.Discover(patcher, new SparseFeatureCircuitOptions { Steps = 1, NodeThreshold = 0, EdgeThreshold = 0, KeepPositions = keepPositions });
        ILookup<string, CircuitEdge> leaving = found.Circuit.Edges.ToLookup(edge => edge.Source);
        foreach ((FeatureNode node, double effect) in found.Effects.Values)
        {
            double sum = leaving[sites.NameOf(node)].Sum(edge => edge.Weight);
            Assert.True(Math.Abs(sum - effect) <= 1e-3 * (1 + Math.Abs(effect)), $"{sites.NameOf(node)}: {sum} of {effect}");
        }

        Assert.Same(behaviour.Readout, found.Circuit.Readout);
        Assert.Contains(found.Circuit.Edges, edge => edge.Target == "y" && edge.Source.StartsWith("mlp_out.0/", StringComparison.Ordinal));
        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void A_feature_that_alone_decides_the_class_is_faithful_alone_and_without_it_nothing_is_left()
    {
        AutoencoderSites sites = TinyAutoencoders.Sites(_tiny.Model, "resid_post.1");
        string[] texts = TinyLanguageModel.Texts(400, seed: 5);
        CollectionOptions options = _tiny.Options("embed", Pooling.Mean) with { Sites = [], Autoencoders = [.. sites] };
        TextOptions columns = new() { TextColumn = "2", LabelColumn = "1" };
        string all = _tiny.WriteText("all.txt", texts);
        _tiny.Collector(all, options).Run(_tiny.PathOf("plain"), cancellation: TestContext.Current.CancellationToken);
        float[] deciding;
        int decides;
        using (ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("plain")))
        {
            float[][] columnsOf = [.. Enumerable.Range(0, 20).Select(feature => Enumerable.Range(0, texts.Length).Select(row => Stored(store, new ReadoutCoefficient("resid_post.1", false, feature, 0, 0), row)).ToArray())];
            decides = Enumerable.Range(0, 20).MaxBy(feature => Middle(columnsOf[feature]) > 0 ? columnsOf[feature].Sum(value => Math.Abs(value - Middle(columnsOf[feature]))) : -1);
            deciding = columnsOf[decides];
        }

        float middle = Middle(deciding);
        string[] labels = [.. deciding.Select(value => value > middle ? "yes" : "no")];
        IEnumerable<string> Lines(int from, int count) => Enumerable.Range(from, count).Select(i => $"{labels[i]}\t{texts[i]}");
        _tiny.Collector(_tiny.WriteText("learn.tsv", Lines(0, 300)), options, columns).Run(_tiny.PathOf("labelled"), cancellation: TestContext.Current.CancellationToken);
        using ActivationStoreReader learnt = ActivationStoreReader.Open(_tiny.PathOf("labelled"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(learnt, StoreTarget.Read(learnt, "label"), cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Predictable);
        CircuitFile.Write(result.Circuit, _tiny.PathOf("label.circuit"));
        CircuitReadout readout = CircuitFile.Read(_tiny.PathOf("label.circuit")).Readout!;
        Assert.Equal(["no", "yes"], readout.Classes);
        FeatureNode node = new(0, decides);

        // The readout itself, and one that reads nothing but the feature.
        CircuitReadout alone = new(readout.Pooling, [-10 * middle], [new("resid_post.1", false, decides, 0, 10)], readout.Classes);
        foreach ((CircuitReadout of, double tolerance) in new[] { (alone, 1e-6), (readout, 0.2) })
        {
            BehaviourTask task = LabelledTaskFile.Read(_tiny.WriteText("test.tsv", Lines(300, 100)), "2", "1", _tiny.Tokenizer, new ReadoutBehaviour(of, sites, "test")).Task;
            double[] scores = task.Scores(_tiny.Model);
            Assert.True(scores.Count(score => score > 0) > 85, $"{scores.Count(score => score > 0)} of 100 texts are told rightly");
            FeatureCircuitEvaluator evaluator = new(sites, task);
            CircuitEvaluation evaluation = evaluator.Evaluate([node]);
            Assert.Equal(1, evaluation.Faithfulness, tolerance);
            Assert.Equal(0, evaluation.Completeness, tolerance);
            FeatureNode other = evaluator.Candidates.First(candidate => !of.Coefficients.Any(part => part.IsError ? candidate.IsError : part.Index == candidate.Feature));
            Assert.Equal(0, evaluator.Evaluate([other]).Faithfulness, 1e-6);

            // Edges into the behaviour, one by one, are the nodes of the only site.
            FeatureEdgeEvaluator edges = new(sites, task, result.Circuit, "test");
            CircuitEvaluation edge = edges.Learned([result.Circuit.Edge(sites.NameOf(node), "y")!]);
            Assert.Equal(evaluation.CircuitLoss, edge.CircuitLoss, 1e-5);
            Assert.Equal(evaluation.ComplementLoss, edge.ComplementLoss, 1e-5);
            Assert.Equal(edge.CircuitLoss, edges.Recomputed([result.Circuit.Edge(sites.NameOf(node), "y")!]).CircuitLoss, 1e-6);
        }

        TinyAutoencoders.Free(sites);
    }

    [Fact]
    public void What_is_learnt_of_a_target_is_kept_as_the_readout_that_was_fitted_and_nothing_where_it_is_not_predictable()
    {
        foreach ((string target, int classes, bool planted) in new[] { ("label", 2, true), ("label", 3, true), ("score", 2, true), ("label", 2, false) })
        {
            FeatureRows rows = new(classes: classes, planted: planted);
            using ActivationStoreReader store = rows.Write(_tiny.PathOf($"{target}{classes}{planted}"));
            Circuit circuit = FeatureCircuitLearner.Learn(store, StoreTarget.Read(store, target), new() { Sources = FeatureSources.All }, cancellation: TestContext.Current.CancellationToken).Circuit;
            if (!planted)
            {
                Assert.Null(circuit.Readout);
                continue;
            }

            CircuitReadout readout = circuit.Readout!;
            Assert.Equal(target == "score" ? 0 : classes, readout.Classes.Count);
            Assert.Equal((Pooling.Mean, null), (readout.Pooling, readout.MaximumTokens));
            Assert.Equal(target == "score" ? rows.Score.Average(value => (double)value) : 0, readout.Mean, 1e-6);

            // It predicts: right of numbers by R2, of classes by their share.
            double residual = 0, variation = 0;
            int right = 0;
            for (int row = 0; row < rows.Rows.Length; row++)
            {
                double[] outputs = [.. readout.Intercepts];
                foreach (ReadoutCoefficient part in readout.Coefficients)
                {
                    outputs[part.Output] += part.Value * rows.Values(part.Site + (part.IsError ? ".error" : string.Empty))[row, part.Index];
                }

                residual += Math.Pow(outputs[0] - rows.Score[row], 2);
                variation += Math.Pow(readout.Mean - rows.Score[row], 2);
                right += outputs.Length == 1 ? (outputs[0] > 0 == (rows.Rows[row].Label == 1) ? 1 : 0) : Array.IndexOf(outputs, outputs.Max()) == rows.Rows[row].Label ? 1 : 0;
            }

            Assert.True(target == "score" ? residual < 0.3 * variation : right > 0.75 * rows.Rows.Length, $"{target} {classes}: {residual} of {variation}, {right} right");
        }
    }

    [Fact]
    public void Readouts_texts_and_labels_that_do_not_fit_are_refused_in_one_line()
    {
        AutoencoderSites sites = TinyAutoencoders.Sites(_tiny.Model, "resid_post.0", "resid_post.1");
        CircuitReadout Of(string site, bool isError, int index) => new(Pooling.Mean, [0], [new(site, isError, index, 0, 1)], ["a", "b"]);
        Assert.Contains("mlp_out.0, which has no autoencoder", Problem(() => new ReadoutBehaviour(Of("mlp_out.0", false, 1), sites, "x")), StringComparison.Ordinal);
        Assert.Contains("feature 20 of resid_post.0", Problem(() => new ReadoutBehaviour(Of("resid_post.0", false, 20), sites, "x")), StringComparison.Ordinal);
        Assert.Contains("coordinate 12 of resid_post.1", Problem(() => new ReadoutBehaviour(Of("resid_post.1", true, 12), sites, "x")), StringComparison.Ordinal);
        Assert.Contains("reads nothing", Problem(() => new ReadoutBehaviour(new CircuitReadout(Pooling.Mean, [0], [], ["a", "b"]), sites, "x")), StringComparison.Ordinal);
        ReadoutBehaviour behaviour = new(Of("resid_post.0", false, 3), sites, "x");
        string file = _tiny.WriteText("labels.tsv", ["a\tthe cat", "c\tthe dog"]);
        Assert.Contains("line 2 has the label 'c', and the readout knows a, b", Problem(() => LabelledTaskFile.Read(file, "2", "1", _tiny.Tokenizer, behaviour)), StringComparison.Ordinal);
        Assert.Equal(1, LabelledTaskFile.Read(file, "2", "1", _tiny.Tokenizer, behaviour, 1).Task.Pairs);
        Assert.Contains("no answer that the readout knows", Problem(() => new BehaviourTask("x", [new BehaviourText(0, [1], [1], []) { Answer = 2 }], behaviour)), StringComparison.Ordinal);
        BehaviourTask task = LabelledTaskFile.Read(file, "2", "1", _tiny.Tokenizer, behaviour, 1).Task;
        AutoencoderSites late = new(_tiny.Model, [sites[1]]);
        Assert.Contains("resid_post.0", Problem(() => new FeaturePatcher(late, task)), StringComparison.Ordinal);
        ReadoutBehaviour numbers = new(new CircuitReadout(Pooling.Mean, [0], [new("resid_post.0", false, 3, 0, 1)]), sites, "x");
        Assert.Contains("which is no number", Problem(() => LabelledTaskFile.Read(file, "2", "1", _tiny.Tokenizer, numbers)), StringComparison.Ordinal);
        Assert.All(
            (Action[])
            [
                () => _ = new CircuitReadout(Pooling.Mean, [0, 1], [], ["a", "b"]),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [], ["a"]),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [], ["a", "a"]),
                () => _ = new CircuitReadout(Pooling.Mean, [double.NaN], []),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [new("x", false, 0, 1, 1)]),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [new("x", false, 0, 0, 1), new("x", false, 0, 0, 2)]),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [], maximumTokens: 0),
                () => _ = new CircuitReadout(Pooling.Mean, [0], [new("x", false, 0, 0, 1, 2)]),
                () => _ = new CircuitReadout(Pooling.None, [0], [new("x", false, 0, 0, 1, 2), new("x", false, 0, 0, 1)]),
                () => _ = new CircuitReadout(Pooling.None, [0], [new("x", false, 0, 0, 1, -1)]),
            ],
            make => Assert.Throws<ArgumentException>(make));
        TinyAutoencoders.Free(sites);
    }

    // At three positions, of which short texts lack the last.
    private static CircuitReadout Create(Pooling pooling, bool keepsPositions, int classes, AutoencoderSites sites, params string[] names) =>
        keepsPositions ? TinyReadouts.AtPositions([0, 2, 4], classes, sites, names) : TinyReadouts.Create(pooling, classes, sites, names);

    private static float Middle(float[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Problem(Func<object> make) => Assert.Throws<InputException>(make).Message;

    private static float Stored(ActivationStoreReader store, ReadoutCoefficient part, int row) => StoredValue.Of(store, part.Site, part.IsError, part.Index, row);
}
