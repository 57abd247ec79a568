namespace CircuitLasso;

/// <summary>
/// Edge attribution patching (Syed et al. 2023): the gradient at the clean texts. The Kullback-Leibler divergence from the clean run has none there, and
/// <see cref="TaskObjective.ForCleanGradient"/> says what stands in its place.
/// </summary>
internal sealed class EdgeAttributionPatching : GradientAttribution
{
    public override string Name => "eap";

    public override string Description => "edge attribution patching: the gradient at the clean texts times the change of the source";

    protected override double RelativeThreshold => RelativeThresholds.EdgeAttribution;

    protected override bool IsAtClean => true;

    protected override int AddPasses(AttributionBatch work, int steps, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        work.CollectCorrupt();
        work.AddCleanPass();
        return 1;
    }
}
