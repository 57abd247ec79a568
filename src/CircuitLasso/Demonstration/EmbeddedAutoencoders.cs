using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The sparse autoencoders of <c>assets/grammar/saes</c>, one for the residual stream after each layer of <see cref="EmbeddedModel"/>, inside this assembly.</summary>
public static class EmbeddedAutoencoders
{
    private const string Prefix = "CircuitLasso.Grammar.saes.";

    private static readonly string[] _files = ["cfg.json", "sae_weights.safetensors", AutoencoderTraining.LogFile];

    /// <summary>The sites, in the order of computation.</summary>
    public static IReadOnlyList<string> Sites { get; } = ["resid_post.0", "resid_post.1", "resid_post.2", "resid_post.3"];

    /// <summary>Writes the autoencoders as SAELens folders, each named by its site.</summary>
    /// <param name="folder">The folder that they go into; made if need be, their files replaced.</param>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void Extract(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        foreach (string site in Sites)
        {
            string target = Path.Combine(folder, site);
            Directory.CreateDirectory(target);
            foreach (string file in _files)
            {
                using Stream source = typeof(EmbeddedAutoencoders).Assembly.GetManifestResourceStream($"{Prefix}{site}.{file}")
                    ?? throw new InvalidOperationException($"The assembly lacks its resource {Prefix}{site}.{file}.");
                AtomicFile.Write(Path.Combine(target, file), source.CopyTo);
            }
        }
    }
}
