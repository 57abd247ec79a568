using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>The model of <c>assets/grammar</c>, which the project trained on its phrase grammar of English, inside this assembly.</summary>
public static class EmbeddedModel
{
    private static readonly (string File, string Resource)[] _files =
    [
        ("config.json", "CircuitLasso.Grammar.model.config.json"),
        ("model.safetensors", "CircuitLasso.Grammar.model.model.safetensors"),
        ("tokenizer.json", "CircuitLasso.Grammar.tokenizer.json"),
    ];

    /// <summary>Writes the model as a Hugging Face folder.</summary>
    /// <param name="folder">The folder; made if need be, its files of these names replaced.</param>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void Extract(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        Directory.CreateDirectory(folder);
        foreach ((string file, string resource) in _files)
        {
            using Stream source = typeof(EmbeddedModel).Assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
            AtomicFile.Write(Path.Combine(folder, file), source.CopyTo);
        }
    }
}
