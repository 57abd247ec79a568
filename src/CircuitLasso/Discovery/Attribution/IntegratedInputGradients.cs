namespace CircuitLasso;

/// <summary>
/// EAP-IG with inputs (Hanna et al. 2024; hannamw/EAP-IG, <c>attribute.py</c>): the mean of the gradients at m embeddings, corrupt + (k / m) (clean - corrupt) for k = 0 .. m - 1.
/// The corrupt point is among them and the clean one is not; the difference of the source is always that of the end points.
/// </summary>
internal sealed class IntegratedInputGradients : GradientAttribution
{
    public override string Name => "eap-ig";

    public override string Description => "EAP with integrated gradients: the mean gradient at inputs between corrupt and clean";

    protected override double RelativeThreshold => RelativeThresholds.IntegratedGradients;

    protected override int AddPasses(AttributionBatch work, int steps, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        work.CollectClean();
        work.AddCorruptPass();
        for (int step = 1; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            work.AddPass(Between(work.Clean.Embedding, work.Corrupt.Embedding, (float)step / steps));
        }

        return steps;
    }
}
