namespace CircuitLasso.Cli;

/// <summary>What <c>discover</c> found by one method.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="File">Where the circuit is written.</param>
/// <param name="Circuit">The circuit.</param>
/// <param name="Seconds">Seconds in all.</param>
/// <param name="SecondsByKind">Seconds by kind of work.</param>
internal sealed record DiscoveredCircuit(string Method, string File, Circuit Circuit, double Seconds, IReadOnlyDictionary<string, double> SecondsByKind)
{
    /// <summary>The circuit's edges, the largest score first.</summary>
    internal IEnumerable<CircuitEdge> Edges => Circuit.Edges.Where(edge => edge.InCircuit).OrderByDescending(edge => Math.Abs(edge.Weight));

    /// <summary>How many of the method's regressions missed their tolerance.</summary>
    internal double Missed => Circuit.Metrics.GetValueOrDefault("missed");
}
