using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>What the regressions take for the contributions of components is what the components add to the residual stream.</summary>
public sealed class ComponentContributionsTests
{
    private static readonly int[] _lengths = [5, 3, 4, 5, 2];

    public static TheoryData<string> Models => TinyTransformers.Names;

    [Theory]
    [MemberData(nameof(Models))]
    public void Coordinates_times_bases_add_up_to_the_residual_stream(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        DiscoveryTask task = TinyTasks.Create(TaskMetric.LogitDifference, 1, _lengths);
        using ComponentContributions contributions = Collect(model, task);
        using ResidualSums sums = new(contributions);
        float[] last = sums.Before(contributions.Graph.Nodes.Count - 1).ToArray();
        SampleLayout layout = contributions.Layout;
        for (int sample = 0; sample < layout.Samples; sample++)
        {
            using IDisposable mode = GradientMode.Disable();
            using Tensor expected = model.Forward(new TokenBatch([layout.Text(sample)]), null, LogitPositions.None);
            float[] rows = expected.ToArray();
            int first = (sample * layout.Slots) + layout.First(sample);
            for (int i = 0; i < rows.Length; i++)
            {
                GradientAttributionTests.AssertClose(rows[i], last[(first * contributions.Width) + i], 1e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Patterns_mix_values_to_coordinates(string name)
    {
        using TransformerModel model = TinyTransformers.Create(name);
        using ComponentContributions contributions = Collect(model, TinyTasks.Create(TaskMetric.LogitDifference, 1, _lengths));
        SampleLayout layout = contributions.Layout;
        AttentionDescription attention = model.Description.Attention;
        int inner = attention.HeadWidth;
        for (int layer = 0; layer < model.Description.Layers; layer++)
        {
            for (int head = 0; head < attention.Heads; head++)
            {
                int keyHead = head / (attention.Heads / attention.KeyValueHeads);
                for (int row = 0; row < layout.Rows; row++)
                {
                    (int sample, int slot) = Math.DivRem(row, layout.Slots);
                    float[] pattern = contributions.Pattern(layer, head, sample).Slice(slot * layout.Slots, layout.Slots).ToArray();
                    for (int j = 0; j < inner; j++)
                    {
                        double mixed = 0;
                        for (int s = 0; s < layout.Slots; s++)
                        {
                            mixed += pattern[s] * (double)contributions.Values(layer)[(((sample * layout.Slots) + s) * contributions.ValueWidth) + (keyHead * inner) + j];
                        }

                        GradientAttributionTests.AssertClose(mixed, contributions.Coordinates(contributions.HeadNode(layer, head))[(row * inner) + j], 1e-5);
                    }
                }
            }
        }
    }

    private static ComponentContributions Collect(TransformerModel model, DiscoveryTask task) =>
        ContributionCollector.Collect(model, new SampleLayout(task), withPatterns: true, 0, 1 << 20, null, TestContext.Current.CancellationToken);
}
