using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models.Tests;

/// <summary>The buffers of the whole process are counted, so nothing else may run meanwhile.</summary>
[Collection(nameof(MappedCheckpointTests))]
public sealed class PassCostTests
{
    [Theory]
    [InlineData(false, 40)]
    [InlineData(true, 40)]
    [InlineData(false, 8000)]
    public void The_bytes_stated_are_about_those_that_a_pass_holds(bool gated, int vocabulary)
    {
        ModelDescription description = TinyTransformers.Describe(
            NormalizationKind.RootMeanSquare, TinyTransformers.Attention(4, 2, 16, bias: false), new MlpDescription(192, Activation.Silu, gated, false), layers: 6) with
        { Width = 64, VocabularySize = vocabulary, MaximumPositions = 64 };
        using TransformerModel model = new(description, ParameterInitializer.Random(description, 3));
        TokenBatch batch = new([.. Enumerable.Range(0, 16).Select(text => Enumerable.Range(text, 64).Select(id => id % 40).ToArray())]);
        foreach (LogitPositions logits in (LogitPositions[])[LogitPositions.None, LogitPositions.Last, LogitPositions.All])
        {
            PassCost cost = PassCost.Of(description, 16, 64, logits);
            Assert.InRange(Held(() => Forward(model, batch, logits)), 0.8 * cost.ForwardBytes, 1.3 * cost.ForwardBytes);
            Assert.InRange(Held(() => Backward(model, batch, logits)), 0.8 * cost.GradientBytes, 1.3 * cost.GradientBytes);
        }
    }

    private static double Held(Action pass)
    {
        // The first run also makes what every thread keeps for its products.
        pass();
        TensorBackend.ReleaseFreeMemory();
        NativeMemoryLedger.ResetPeak();
        long before = NativeMemoryLedger.CurrentBytes;
        pass();
        return NativeMemoryLedger.PeakBytes - before;
    }

    private static void Forward(TransformerModel model, TokenBatch batch, LogitPositions logits)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        model.Forward(batch, null, logits);
    }

    private static void Backward(TransformerModel model, TokenBatch batch, LogitPositions logits)
    {
        using TensorScope scope = new();
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.Embedding), (_, value) =>
        {
            Tensor leaf = value.Detach();
            leaf.RequiresGradient = true;
            return leaf;
        });
        model.Forward(batch, hooks, logits).Sum().Backward();
    }
}
