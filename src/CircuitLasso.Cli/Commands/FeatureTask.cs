namespace CircuitLasso.Cli;

/// <summary>The behaviour that features are asked for.</summary>
/// <param name="Behaviour">The behaviour.</param>
/// <param name="Sites">The sites that have a say in it.</param>
/// <param name="Sha256">SHA-256 of the file of pairs or texts.</param>
/// <param name="ReadoutText">SHA-256 of the texts that the readout was fitted on; null without a readout, or where nobody knows.</param>
internal sealed record FeatureTask(BehaviourTask Behaviour, AutoencoderSites Sites, string Sha256, string? ReadoutText)
{
    /// <summary>How many there are, in words.</summary>
    internal string Count => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Behaviour.Pairs} {(Behaviour.Readout is null ? "pairs" : "texts")}");
}
