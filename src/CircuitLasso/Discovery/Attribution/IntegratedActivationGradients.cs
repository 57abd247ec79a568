using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// EAP-IG with activations (hannamw/EAP-IG, <c>attribute.py</c>): for each sublayer (the embedding, the heads of a layer together, an MLP) m passes over the clean texts in which its
/// output alone is corrupt + (k / m) (clean - corrupt), k = 1 .. m; the score takes the mean over all m (2 layers + 1) passes. What is set has no gradient, so a pass gives nothing to edges whose effect runs through its sublayer alone.
/// </summary>
internal sealed class IntegratedActivationGradients : GradientAttribution
{
    public override string Name => "eap-ig-activations";

    public override string Description => "EAP with integrated gradients, the output of one sublayer at a time between corrupt and clean";

    protected override double RelativeThreshold => RelativeThresholds.IntegratedGradients;

    protected override int AddPasses(AttributionBatch work, int steps, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        work.CollectClean();
        work.CollectCorrupt();
        (RecordedSources clean, RecordedSources corrupt) = (work.Clean, work.Corrupt);
        int layers = clean.Mlps.Length;
        for (int step = 1; step <= steps; step++)
        {
            float share = (float)step / steps;
            cancellation.ThrowIfCancellationRequested();
            work.AddPass(Between(clean.Embedding, corrupt.Embedding, share));
            for (int layer = 0; layer < layers; layer++)
            {
                cancellation.ThrowIfCancellationRequested();
                work.AddPass(null, Replacing(new Site(SiteKind.AttentionMixNormalized, layer), Between(clean.Mixes[layer], corrupt.Mixes[layer], share)));
                work.AddPass(null, Replacing(new Site(SiteKind.MlpOutput, layer), Between(clean.Mlps[layer], corrupt.Mlps[layer], share)));
            }
        }

        return steps * ((2 * layers) + 1);
    }

    private static ForwardHooks Replacing(Site site, float[] values)
    {
        ForwardHooks hooks = new();
        hooks.Add(site, (_, value) => Tensor.FromValues(values, value.Shape));
        return hooks;
    }
}
