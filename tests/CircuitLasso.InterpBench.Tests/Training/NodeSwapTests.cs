using CircuitLasso.Models;
using CircuitLasso.Tensors;
using Xunit;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>Swapping nodes row by row, against replacing them one row at a time.</summary>
public sealed class NodeSwapTests
{
    private static readonly KnownProgram _program = TinyPrograms.RunningShare;

    [Fact]
    public void Swapped_nodes_of_every_row_give_the_logits_of_replacing_their_contributions_row_by_row()
    {
        ModelDescription description = LowLevelModel.Describe(_program);
        using TransformerModel model = new(description, ParameterInitializer.Normal(description, 5, 0.25f));
        using IDisposable noGradients = GradientMode.Disable();
        using TensorScope scope = new();
        ProgramSampler sampler = new(_program, 3);
        const int Rows = 6;
        int[][] bases = [.. Enumerable.Range(0, Rows).Select(_ => sampler.Sample())];
        int[][] sources = [.. Enumerable.Range(0, Rows).Select(_ => sampler.Sample())];
        NodeSwap swap = new(description);
        RandomSource random = new(1);
        bool[] swapped = [.. Enumerable.Range(0, Rows * swap.Nodes).Select(_ => random.NextInt32(3) == 0)];
        swap.RecordSource(model, new TokenBatch(sources));
        float[] fast = model.Forward(new TokenBatch(bases), swap.Hooks(swapped, 1)).ToArray();

        float[] slow = [.. Enumerable.Range(0, Rows).SelectMany(row => Replaced(model, bases[row], sources[row], swap, swapped.AsSpan(row * swap.Nodes, swap.Nodes).ToArray()))];

        Assert.Contains(true, swapped);
        Assert.Equal(slow.Length, fast.Length);
        for (int i = 0; i < slow.Length; i++)
        {
            Assert.Equal(slow[i], fast[i], 1e-4f * (1 + MathF.Abs(slow[i])));
        }
    }

    [Fact]
    public void Stacked_copies_take_the_same_source_rows()
    {
        ModelDescription description = LowLevelModel.Describe(_program);
        using TransformerModel model = new(description, ParameterInitializer.Normal(description, 6, 0.25f));
        using IDisposable noGradients = GradientMode.Disable();
        using TensorScope scope = new();
        ProgramSampler sampler = new(_program, 4);
        SiitPairs pairs = new([.. Enumerable.Range(0, 3).Select(_ => sampler.Sample())], [.. Enumerable.Range(0, 3).Select(_ => sampler.Sample())]);
        NodeSwap swap = new(description);
        swap.RecordSource(model, pairs.SourceBatch());
        bool[] once = [.. Enumerable.Range(0, 3 * swap.Nodes).Select(i => i % 4 == 1)];
        float[] single = model.Forward(pairs.BaseBatch(1), swap.Hooks(once, 1)).ToArray();

        float[] stacked = model.Forward(pairs.BaseBatch(2), swap.Hooks([.. once, .. once], 2)).ToArray();

        float[] expected = [.. single, .. single];
        Assert.Equal(expected.Length, stacked.Length);
        for (int i = 0; i < stacked.Length; i++)
        {
            Assert.Equal(expected[i], stacked[i], 1e-4f * (1 + MathF.Abs(expected[i])));
        }
    }

    [Fact]
    public void Nodes_are_named_in_the_order_of_computation()
    {
        NodeSwap swap = new(LowLevelModel.Describe(_program));

        Assert.Equal(["a0.h0", "a0.h1", "a0.h2", "a0.h3", "m0", "a1.h0", "a1.h1", "a1.h2", "a1.h3", "m1"], Enumerable.Range(0, swap.Nodes).Select(swap.NameOf));
        Assert.Equal(9, swap.IndexOf("m1"));
        Assert.Equal(-1, swap.IndexOf("a2.h0"));
    }

    // One row: a head's contribution to the residual stream, or an MLP's hidden layer, is put in the place of the base's.
    private static float[] Replaced(TransformerModel model, int[] text, int[] source, NodeSwap swap, bool[] swapped)
    {
        Dictionary<Site, float[]> kept = [];
        ForwardHooks record = new();
        ForwardHooks replace = new();
        for (int layer = 0; layer < model.Description.Layers; layer++)
        {
            foreach (Site site in new[] { new Site(SiteKind.AttentionHead, layer), new Site(SiteKind.MlpHidden, layer) })
            {
                record.Add(site, (at, value) =>
                {
                    kept[at] = value.ToArray();
                    return null;
                });
                replace.Add(site, Replace);
            }
        }

        model.Forward(new TokenBatch([source]), record);
        return model.Forward(new TokenBatch([text]), replace).ToArray();

        Tensor? Replace(Site site, Tensor value)
        {
            float[] values = value.ToArray();
            float[] other = kept[site];
            int nodes = site.Kind == SiteKind.AttentionHead ? swap.NodesPerLayer - 1 : 1;
            int first = (site.Layer * swap.NodesPerLayer) + (site.Kind == SiteKind.AttentionHead ? 0 : swap.NodesPerLayer - 1);
            int width = value.Dimension(-1);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = swapped[first + (i / width % nodes)] ? other[i] : values[i];
            }

            return Tensor.FromValues(values, value.Shape);
        }
    }
}
