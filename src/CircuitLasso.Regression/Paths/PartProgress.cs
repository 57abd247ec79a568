using CircuitLasso.Numerics;

namespace CircuitLasso.Regression;

/// <summary>Tells how far one part of longer work has come as how far the whole has.</summary>
/// <param name="whole">Told of the whole.</param>
/// <param name="stage">What the whole is called.</param>
/// <param name="before">What was done before this part.</param>
/// <param name="total">How much there is in the whole.</param>
internal sealed class PartProgress(IProgress<WorkProgress> whole, string stage, long before, long total) : IProgress<WorkProgress>
{
    public void Report(WorkProgress value) => whole.Report(new WorkProgress(stage, before + value.Done, total, value.Unit));

    /// <summary>The progress of a part, or null where nobody is told of the whole.</summary>
    public static PartProgress? Of(IProgress<WorkProgress>? whole, string stage, long before, long total) => whole is null ? null : new PartProgress(whole, stage, before, total);
}
