namespace CircuitLasso;

/// <summary>What stands at a site in a batch, or its gradient.</summary>
/// <param name="Activations">What the model goes on with, rows x width.</param>
/// <param name="Readings">What a readout reads there, rows x its columns; null where it reads nothing.</param>
internal sealed record SiteNodes(float[] Activations, float[]? Readings);
