namespace CircuitLasso.Testing;

/// <summary>What a client asked a loopback server.</summary>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Target">Path and query, as they came.</param>
/// <param name="Headers">The headers, whose names know no case.</param>
public sealed record LoopbackRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The first byte that is asked for by a Range header, or 0.</summary>
    public int From => Headers.TryGetValue("Range", out string? range) ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
}
