namespace CircuitLasso.Regression;

/// <summary>When one block starts to explain another on a path.</summary>
/// <param name="Source">Index of the source block in the order.</param>
/// <param name="Target">Index of the target block in the order.</param>
/// <param name="Lambda">The largest lambda of the path at which A has an entry between them, 0 where it never has (a share in per-target mode).</param>
public readonly record struct EdgeEntry(int Source, int Target, double Lambda);
