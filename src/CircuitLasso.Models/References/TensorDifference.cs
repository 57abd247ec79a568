namespace CircuitLasso.Models;

/// <summary>How far one computed tensor is from its reference.</summary>
/// <param name="Name">The reference's name, such as <c>0.resid_post.3</c>.</param>
/// <param name="MaxAbsDiff">The largest absolute difference of two elements; not a number when either side has one.</param>
public sealed record TensorDifference(string Name, double MaxAbsDiff)
{
    /// <summary>The largest absolute element of the reference.</summary>
    public double LargestReference { get; init; }
}
