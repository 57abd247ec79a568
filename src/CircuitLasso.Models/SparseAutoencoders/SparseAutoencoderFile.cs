using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Reads published sparse autoencoders and transcoders of any known format, recognised by what the files hold.</summary>
public static class SparseAutoencoderFile
{
    // A new format is one class and one line here; where two recognise a file, the earlier reads it.
    private static readonly ISparseAutoencoderFormat[] _formats =
    [
        new OpenAiFormat(),
        new DictionaryLearningFormat(),
        new TinyStoriesFormat(),
        new SaeLensFormat(),
        new SparsifyFormat(),
        new GemmaScopeFormat(),
        new CircuitTracerFormat(),
    ];

    /// <summary>The names of the formats.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. _formats.Select(format => format.Name)];

    /// <summary>Reads an autoencoder.</summary>
    /// <param name="path">The file of weights, or its folder.</param>
    /// <param name="options">What the files may not say; null: nothing.</param>
    /// <returns>The autoencoder; dispose of it to free its memory early.</returns>
    /// <exception cref="InputException">There is no such file, it is of no known format, it is damaged, or it asks for something that is not supported.</exception>
    public static SparseAutoencoder Load(string path, SparseAutoencoderLoadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SparseAutoencoderSource source = new(path);
        ISparseAutoencoderFormat format = _formats.FirstOrDefault(format => format.Recognizes(source))
            ?? throw source.Bad($"is of no known format: it holds {Listed(source.Tensors.Names)}", "use one of: " + string.Join(", ", Formats));
        options ??= new SparseAutoencoderLoadOptions();
        if (format is not SaeLensFormat && (options.CentersInput || options.ActivationScale is not null))
        {
            throw source.Bad($"is of the format {format.Name}, and centring and an activation scale are of SAELens alone", "leave them out");
        }

        SparseAutoencoder autoencoder = format.Load(source, options);
        if (options.K is { } k && k != autoencoder.Architecture.K)
        {
            autoencoder.Dispose();
            throw source.Bad($"has {(autoencoder.Architecture.K == 0 ? "no k" : $"a k of its own, {autoencoder.Architecture.K}")}, and {k} is asked for", "leave k out");
        }

        return autoencoder;
    }

    private static string Listed(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? "no tensors" : "tensors " + string.Join(", ", names.Order(StringComparer.Ordinal).Take(6).Select(name => name.Length <= 40 ? name : name[..40]));
}
