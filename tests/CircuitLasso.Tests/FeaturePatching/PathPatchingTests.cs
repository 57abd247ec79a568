using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>Path patching beside forward passes of one text at a time, with hooks set by hand.</summary>
public sealed class PathPatchingTests
{
    // Which sites reach a site, or the output, without passing another: written out by hand for two layers.
    private static readonly Dictionary<string, string[]> _reaching = new()
    {
        ["embed"] = [],
        ["resid_post.0"] = ["embed"],
        ["attn_out.1"] = ["resid_post.0"],
        ["mlp_out.1"] = ["resid_post.0", "attn_out.1"],
        ["resid_post.1"] = ["resid_post.0", "attn_out.1", "mlp_out.1"],
        ["y"] = ["resid_post.1"],
        ["y without resid_post.1"] = ["resid_post.0", "attn_out.1", "mlp_out.1"],
    };

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public void Path_patching_is_what_passes_with_hooks_set_by_hand_give(bool keepPositions, bool lastSite, bool hasReadout)
    {
        string[] names = ["embed", "resid_post.0", "attn_out.1", "mlp_out.1", .. lastSite ? (string[])["resid_post.1"] : []];
        using TransformerModel model = TinyTransformers.Create("gpt2");
        AutoencoderSites sites = TinyAutoencoders.Sites(model, names);
        BehaviourTask task = FeaturePatcherTests.Task();
        if (hasReadout)
        {
            task = TinyReadouts.Task(task, new ReadoutBehaviour(TinyReadouts.Create(Pooling.Mean, 3, sites, "resid_post.0", names[^1]), sites, "test"));
        }

        Circuit circuit = Random(sites, keepPositions, hasReadout ? ["resid_post.0", names[^1]] : names);
        Random random = new(7);
        CircuitEdge[] kept = [.. circuit.Edges.Where(_ => random.Next(3) > 0)];
        FeatureEdgeEvaluator evaluator = new(sites, task, circuit, "test", memoryBytes: 1 << 18);
        Assert.True(evaluator.HasCoefficients);
        CircuitEvaluation actual = evaluator.Recomputed(kept);
        Slow slow = new(sites, task, circuit);
        Assert.Equal(-slow.Score([], keepsRest: false), actual.EmptyLoss, 1e-4);
        Assert.Equal(-slow.Score(kept, keepsRest: false), actual.CircuitLoss, 1e-4);
        Assert.Equal(-slow.Score([.. circuit.Edges.Except(kept)], keepsRest: true), actual.ComplementLoss, 1e-4);
        Assert.NotEqual(actual.EmptyLoss, actual.CircuitLoss, 1e-3);

        // An edge over a site that everything passes through carries nothing.
        CircuitEdge[] skipping = [.. circuit.Edges.Where(edge => edge.Source.StartsWith("embed/", StringComparison.Ordinal) && !edge.Target.StartsWith("resid_post.0/", StringComparison.Ordinal))];
        Assert.NotEmpty(skipping);
        Assert.Equal(actual.EmptyLoss, evaluator.Recomputed(skipping).CircuitLoss, 1e-6);
        TinyAutoencoders.Free(sites);
    }

    // Edges between the first five features of every site and those of all later ones, at all positions or from one position to another.
    private static Circuit Random(AutoencoderSites sites, bool keepPositions, string[] read)
    {
        Random random = new(11);
        FeatureNode[] features =
        [
            .. Enumerable.Range(0, sites.Count).SelectMany(site => Enumerable.Range(0, 5).SelectMany(feature => keepPositions
                ? (FeatureNode[])[new FeatureNode(site, feature, 0), new FeatureNode(site, feature, 2)]
                : [new FeatureNode(site, feature)])),
        ];
        List<CircuitEdge> edges = [];
        foreach (FeatureNode target in features)
        {
            // Nothing goes back in the text.
            edges.AddRange(features.Where(source => source.Site < target.Site && source.Position <= target.Position && random.Next(2) == 0)
                .Select(source => new CircuitEdge(sites.NameOf(source), sites.NameOf(target), 0.5) { Norm = 0.5 }));
        }

        FeatureNode error = new(sites.Count - 1, FeatureNode.Error);
        edges.AddRange(features.Where(source => read.Contains(sites[source.Site].Site.ToString())).Append(error).Select(source => new CircuitEdge(sites.NameOf(source), "y", 1) { Norm = 1 }));
        return new Circuit(
            [
                .. features.Select(node => new CircuitNode(sites.NameOf(node), CircuitNodeKind.Feature, node.Site)),
                new CircuitNode(sites.NameOf(error), CircuitNodeKind.Error, error.Site),
                new CircuitNode("y", CircuitNodeKind.Target, sites.Count),
            ],
            edges,
            "y");
    }

    private sealed class Slow(AutoencoderSites sites, BehaviourTask task, Circuit circuit)
    {
        private readonly Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)>[] _corrupt = [.. task.Texts.Select(text => Record(sites, text.Corrupt, []))];

        public double Score(CircuitEdge[] kept, bool keepsRest)
        {
            using IDisposable mode = GradientMode.Disable();
            double score = 0;
            foreach (BehaviourText text in task.Texts)
            {
                using TensorScope scope = new();
                Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> clean = Record(sites, text.Clean, []);
                Dictionary<string, double[]> values = [];
                foreach (CircuitNode node in circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature))
                {
                    FeatureNode of = sites.Find(node.Name)!.Value;
                    string site = sites[of.Site].Site.ToString();
                    string[] reaching = _reaching[site];
                    CircuitEdge[] into = [.. circuit.Edges.Where(edge => edge.Target == node.Name)];
                    bool isAsked = keepsRest ? into.Length > 0 : into.Any(edge => kept.Contains(edge) && reaching.Contains(edge.Source.Split('/')[0]));
                    if (of.Site == 0 || (!isAsked && keepsRest))
                    {
                        values[node.Name] = [.. clean[site].Features.Select(row => row[of.Feature])];
                    }
                    else if (!isAsked)
                    {
                        values[node.Name] = [.. text.Clean.Select((_, position) => Mean(site, position, of.Feature))];
                    }
                    else
                    {
                        Dictionary<string, float[][]> replaced = reaching.ToDictionary(source => source, source => See(source, node.Name, text, clean, kept, keepsRest, values));
                        values[node.Name] = [.. Record(sites, text.Clean, replaced)[site].Features.Select(row => row[of.Feature])];
                    }
                }

                score += (task.Readout is null ? Model(text, clean, kept, keepsRest, values) : Readout(text, clean, kept, keepsRest, values)) / task.Pairs;
            }

            return score;
        }

        private double Model(BehaviourText text, Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> clean, CircuitEdge[] kept, bool keepsRest, Dictionary<string, double[]> values)
        {
            string[] reaching = _reaching[sites.IndexOf("resid_post.1") >= 0 ? "y" : "y without resid_post.1"];
            ForwardHooks hooks = new();
            foreach (string source in reaching)
            {
                float[] seen = [.. See(source, "y", text, clean, kept, keepsRest, values).SelectMany(row => row)];
                hooks.Add(Site.Parse(source), (_, value) => Tensor.FromValues(seen, value.Shape));
            }

            float[] logits = sites.Model.Unembed(sites.Model.Forward(new TokenBatch([text.Clean]), hooks, LogitPositions.None)).LogSoftmax().ToArray();
            int outputs = logits.Length / text.Clean.Length;
            return text.Terms.Sum(term => term.Weight * (double)logits[(term.Position * outputs) + term.Token]);
        }

        private double Readout(BehaviourText text, Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> clean, CircuitEdge[] kept, bool keepsRest, Dictionary<string, double[]> values)
        {
            CircuitReadout readout = task.Readout!.Readout;
            Dictionary<string, double>[] read = [.. text.Clean.Select((_, position) => readout.Coefficients.GroupBy(SlowReadout.Name).ToDictionary(group => group.Key, group =>
            {
                ReadoutCoefficient part = group.First();
                int site = sites.IndexOf(part.Site);
                string name = sites.NameOf(new FeatureNode(site, part.IsError ? FeatureNode.Error : part.Index));
                string at = circuit.IndexOf(name) >= 0 ? name : $"{name}@{position}";
                bool isKept = circuit.Edge(at, "y") is { } edge ? kept.Contains(edge) : keepsRest;
                return !isKept ? MeanRead(part, position)
                    : part.IsError ? clean[part.Site].Activations[position].Length > 0 ? Left(part, clean[part.Site].Activations[position]) : 0
                    : (values.TryGetValue(at, out double[]? own) ? own[position] : clean[part.Site].Features[position][part.Index]) / Scale(part.Site, clean[part.Site].Activations[position]);
            }))];
            return SlowReadout.Behaviour(readout, SlowReadout.Outputs(readout, read), text.Answer);
        }

        // A site's activations as a node sees them.
        private float[][] See(
            string site, string target, BehaviourText text, Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> clean, CircuitEdge[] kept, bool keepsRest, Dictionary<string, double[]> values)
        {
            int index = sites.IndexOf(site);
            SparseAutoencoder autoencoder = sites[index].Autoencoder;
            return [.. text.Clean.Select((_, position) =>
            {
                double[] sum = [.. autoencoder.DecoderBias.ToArray().Select(value => (double)value)];
                for (int feature = -1; feature < autoencoder.FeatureCount; feature++)
                {
                    string name = sites.NameOf(new FeatureNode(index, feature));
                    name = circuit.IndexOf(name) >= 0 ? name : $"{name}@{position}";
                    bool isKept = circuit.Edge(name, target) is { } edge ? kept.Contains(edge) : keepsRest;
                    for (int i = 0; i < sum.Length; i++)
                    {
                        sum[i] += feature < 0 ? isKept ? clean[site].Errors[position][i] : MeanError(site, position, i)
                            : autoencoder.DecoderDirection(feature)[i] * (!isKept ? Mean(site, position, feature)
                                : values.TryGetValue(name, out double[]? own) ? own[position] : clean[site].Features[position][feature]);
                    }
                }

                return sum.Select(value => (float)value).ToArray();
            })];
        }

        private double Mean(string site, int position, int feature) => Average(position, (text, at) => _corrupt[text][site].Features[at][feature]);

        private double MeanError(string site, int position, int column) => Average(position, (text, at) => _corrupt[text][site].Errors[at][column]);

        private double MeanRead(ReadoutCoefficient part, int position) => Average(position, (text, at) => part.IsError
            ? Left(part, _corrupt[text][part.Site].Activations[at])
            : _corrupt[text][part.Site].Features[at][part.Index] / Scale(part.Site, _corrupt[text][part.Site].Activations[at]));

        // Labelled texts have a mean for each position that all have, and one for the rest.
        private double Average(int position, Func<int, int, double> of)
        {
            int shortest = task.Texts.Min(text => text.Corrupt.Length);
            return (from text in Enumerable.Range(0, task.Texts.Count)
                    from at in Enumerable.Range(0, task.Texts[text].Corrupt.Length)
                    where task.Readout is null || position < shortest ? at == position : at >= shortest
                    select of(text, at)).Average();
        }

        private double Scale(string site, float[] row) => sites[sites.IndexOf(site)].Autoencoder.OutputScale(row);

        private double Left(ReadoutCoefficient part, float[] row)
        {
            float[] left = new float[row.Length];
            sites[sites.IndexOf(part.Site)].Autoencoder.Error(row, row, left);
            return left[part.Index];
        }

        // A pass over one text alone with some sites set.
        private static Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> Record(AutoencoderSites sites, int[] text, Dictionary<string, float[][]> set)
        {
            using IDisposable mode = GradientMode.Disable();
            using TensorScope scope = new();
            Dictionary<string, (double[][] Features, double[][] Errors, float[][] Activations)> recorded = [];
            ForwardHooks hooks = new();
            foreach (SiteAutoencoder place in sites)
            {
                string name = place.Site.ToString();
                hooks.Add(place.Site, (_, value) =>
                {
                    float[] values = set.TryGetValue(name, out float[][]? rows) ? [.. rows.SelectMany(row => row)] : value.ToArray();
                    using SiteState state = SiteState.Of(place.Autoencoder, values);
                    double[][] features = [.. text.Select((_, position) =>
                    {
                        double[] dense = new double[place.Autoencoder.FeatureCount];
                        FeatureRow row = state.Row(position);
                        for (int i = 0; i < row.Indices.Length; i++)
                        {
                            dense[row.Indices[i]] = row.Values[i];
                        }

                        return dense;
                    })];
                    recorded[name] = (features, [.. state.Errors.Chunk(place.Autoencoder.InputWidth).Select(row => row.Select(error => (double)error).ToArray())], [.. values.Chunk(place.Autoencoder.InputWidth)]);
                    return Tensor.FromValues(values, value.Shape);
                });
            }

            sites.Model.Forward(new TokenBatch([text]), hooks, LogitPositions.None);
            return recorded;
        }
    }
}
