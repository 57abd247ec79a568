namespace CircuitLasso.Testing;

/// <summary>What a loopback server answers, and how it misbehaves.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The bytes.</param>
public sealed record LoopbackReply(int Status, byte[] Body)
{
    /// <summary>Headers beside Content-Length.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The length that is claimed; null for the true one, negative for none (the body ends with the connection).</summary>
    public long? ClaimedLength { get; init; }

    /// <summary>After how many bytes of the body the connection is cut; null for none.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Whether the body is sent again and again without an end.</summary>
    public bool IsEndless { get; init; }

    /// <summary>Whether nothing at all is answered while the client waits.</summary>
    public bool IsSilent { get; init; }
}
