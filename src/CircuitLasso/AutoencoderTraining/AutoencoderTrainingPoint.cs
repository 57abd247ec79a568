namespace CircuitLasso;

/// <summary>One evaluation on rows that are not trained on.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="ExplainedVariance">1 - ||x - reconstruction||^2 / ||x - mean||^2, sums over rows.</param>
/// <param name="ActiveFeatures">Mean number of active features in a row (L0).</param>
/// <param name="DeadFeatures">Features that were active on none of the rows trained on lately.</param>
public sealed record AutoencoderTrainingPoint(int Step, double ExplainedVariance, double ActiveFeatures, int DeadFeatures);
