namespace CircuitLasso;

/// <summary>How a method works; each takes from it what it needs. The defaults are those of the published methods. Immutable.</summary>
public sealed record DiscoveryOptions
{
    /// <summary>Seed of everything random; 0 unless set.</summary>
    public ulong Seed { get; init; }

    /// <summary>About how many bytes of activations and gradients a method holds at once; it cuts the texts into batches that fit. 1 GiB unless set.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Steps of integrated gradients (<c>eap-ig</c>, <c>eap-ig-activations</c>); 5 unless set, as in the MIB benchmark.</summary>
    public int Steps { get; init; } = 5;

    /// <summary>ACDC's tau: an edge goes for good where its removal raises the loss by less. .025 unless set.</summary>
    public double AcdcThreshold { get; init; } = 0.025;

    /// <summary>
    /// The default rule of methods that score every edge keeps edges of absolute score at least this share of the largest, and then prunes. Null takes the method's own
    /// constant, which is the same for every model and task.
    /// </summary>
    public double? RelativeThreshold { get; init; }
}
