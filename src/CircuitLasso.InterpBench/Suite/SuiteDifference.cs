namespace CircuitLasso.InterpBench;

/// <summary>A method less another one, as the mean over cases with its interval.</summary>
/// <param name="Method">The method.</param>
/// <param name="Other">The method or floor that is taken from it.</param>
/// <param name="Number">
/// Which number: <c>shd</c>, <c>auroc</c>, <c>average_precision</c>, <c>f1</c>; or <c>shd_to_one_rule</c>, the method's own distance less the other's at its best single rule.
/// </param>
/// <param name="Interval">Mean and 95 % interval.</param>
public sealed record SuiteDifference(string Method, string Other, string Number, PairedBootstrap Interval);
