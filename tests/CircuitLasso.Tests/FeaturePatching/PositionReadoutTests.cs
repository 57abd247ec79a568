using CircuitLasso.Models;

namespace CircuitLasso.Tests;

public sealed class PositionReadoutTests : IDisposable
{
    private const string SiteName = "resid_post.1";
    private const int Position = 2;
    private const int Learning = 300;
    private readonly TinyLanguageModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void What_decides_a_class_at_one_position_is_read_there_and_is_the_behaviour_there_and_nowhere_else()
    {
        AutoencoderSites sites = TinyAutoencoders.Sites(_tiny.Model, SiteName);
        string[] texts = [.. TinyLanguageModel.Texts(900, seed: 6).Where(text => _tiny.Tokenizer.Encode(text).Length > Position).Take(Learning + 100)];
        Assert.Equal(Learning + 100, texts.Length);
        (int decides, float middle, string[] labels) = Label(sites, texts);
        IEnumerable<string> Lines(int from, int count) => Enumerable.Range(from, count).Select(i => $"{labels[i]}\t{texts[i]}");
        CollectionOptions options = _tiny.Options("embed", Pooling.None) with { Sites = [], Autoencoders = [.. sites] };
        string learnt = _tiny.WriteText("learn.tsv", Lines(0, Learning));
        _tiny.Collector(learnt, options, new TextOptions { TextColumn = "2", LabelColumn = "1" }).Run(_tiny.PathOf("store"), cancellation: TestContext.Current.CancellationToken);
        using ActivationStoreReader store = ActivationStoreReader.Open(_tiny.PathOf("store"));
        FeatureCircuitResult result = FeatureCircuitLearner.Learn(store, StoreTarget.ReadByText(store, "label"), new() { KeepPositions = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Predictable);
        CircuitFile.Write(result.Circuit, _tiny.PathOf("label.circuit"));
        CircuitReadout readout = CircuitFile.Read(_tiny.PathOf("label.circuit")).Readout!;
        Assert.True(readout.KeepsPositions);

        // On the texts it was fitted on its score is the fit's own, row by row.
        BehaviourTask own = LabelledTaskFile.Read(learnt, "2", "1", _tiny.Tokenizer, new ReadoutBehaviour(readout, sites, "test")).Task;
        double[] scores = own.Scores(_tiny.Model);
        StoreRow[] rows = new StoreRow[store.RowCount];
        store.ReadRowDescriptions(0, rows);
        for (int text = 0; text < Learning; text++)
        {
            double score = readout.Intercepts[0];
            foreach (int row in Enumerable.Range(0, rows.Length).Where(row => rows[row].Text == text))
            {
                score += readout.Coefficients.Where(part => part.Position == rows[row].Position).Sum(part => part.Value * StoredValue.Of(store, part.Site, part.IsError, part.Index, row));
            }

            Assert.Equal(labels[text] == readout.Classes[1] ? score : -score, scores[text], 1e-5);
        }

        // It reads the position that decides and no other; what it reads there is the behaviour, and the same at another position is nothing of it.
        Assert.All(readout.Coefficients, part => Assert.Equal(Position, part.Position));
        FeatureNode[] nodes = [.. FeatureRanking.NodesInCircuit(result.Circuit, sites)];
        Assert.NotEmpty(nodes);
        BehaviourTask task = LabelledTaskFile.Read(_tiny.WriteText("test.tsv", Lines(Learning, 100)), "2", "1", _tiny.Tokenizer, new ReadoutBehaviour(readout, sites, "test")).Task;
        int right = task.Scores(_tiny.Model).Count(score => score > 0);
        Assert.True(right > 75, $"{right} of 100 texts are told rightly");
        FeatureCircuitEvaluator evaluator = new(sites, task, keepPositions: true);
        CircuitEvaluation there = evaluator.Evaluate(nodes, TestContext.Current.CancellationToken);
        Assert.Equal(1, there.Faithfulness, 1e-4);
        Assert.Equal(0, there.Completeness, 1e-4);
        CircuitEvaluation elsewhere = evaluator.Evaluate([.. nodes.Select(node => node with { Position = Position - 1 })], TestContext.Current.CancellationToken);
        Assert.Equal(0, elsewhere.Faithfulness, 1e-4);
        Assert.Equal(1, elsewhere.Completeness, 1e-4);

        // A readout of the feature alone.
        CircuitReadout alone = new(Pooling.None, [-10 * middle], [new(SiteName, false, decides, 0, 10, Position)], readout.Classes);
        BehaviourTask asked = LabelledTaskFile.Read(learnt, "2", "1", _tiny.Tokenizer, new ReadoutBehaviour(alone, sites, "test")).Task;
        Assert.True(asked.Scores(_tiny.Model).All(score => score >= -1e-4));
        Assert.Equal(1, new FeatureCircuitEvaluator(sites, asked, keepPositions: true).Evaluate([new FeatureNode(0, decides, Position)], TestContext.Current.CancellationToken).Faithfulness, 1e-5);

        // Edges into the behaviour are the nodes of the only site.
        FeatureEdgeEvaluator edges = new(sites, task, result.Circuit, "test");
        CircuitEvaluation edge = edges.Learned([.. result.Circuit.Edges.Where(edge => edge.InCircuit)], TestContext.Current.CancellationToken);
        Assert.Equal(there.CircuitLoss, edge.CircuitLoss, 1e-5);
        Assert.Equal(there.ComplementLoss, edge.ComplementLoss, 1e-5);
        TinyAutoencoders.Free(sites);
    }

    // The feature that varies most at the position, and whether it is above its middle there.
    private (int Feature, float Middle, string[] Labels) Label(AutoencoderSites sites, string[] texts)
    {
        float[][] values = [.. Enumerable.Range(0, sites[0].Autoencoder.FeatureCount).Select(_ => new float[texts.Length])];
        for (int text = 0; text < texts.Length; text++)
        {
            SiteState state = Assert.Single(FeaturePass.Record(sites, new TokenBatch([_tiny.Tokenizer.Encode(texts[text])])));
            FeatureRow row = state.Row(Position);
            for (int i = 0; i < row.Indices.Length; i++)
            {
                values[row.Indices[i]][text] = row.Values[i];
            }

            state.Dispose();
        }

        float Middle(float[] of) => of.Order().ElementAt(of.Length / 2);
        int decides = Enumerable.Range(0, values.Length).MaxBy(feature => Middle(values[feature]) > 0 ? values[feature].Sum(value => Math.Abs(value - Middle(values[feature]))) : -1);
        return (decides, Middle(values[decides]), [.. values[decides].Select(value => value > Middle(values[decides]) ? "yes" : "no")]);
    }
}
