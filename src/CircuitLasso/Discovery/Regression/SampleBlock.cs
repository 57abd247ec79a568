namespace CircuitLasso;

/// <summary>Some samples that follow each other, and how many probes go back through them at once.</summary>
/// <param name="First">The first sample.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Rows">Their rows: samples times slots.</param>
/// <param name="Probes">Number of probes.</param>
internal readonly record struct SampleBlock(int First, int Samples, int Rows, int Probes);
