namespace CircuitLasso.Models;

/// <summary>Where a sparse autoencoder comes from and where it belongs, as far as its files say. Immutable.</summary>
public sealed record SparseAutoencoderProvenance
{
    /// <summary>The format it was read from, such as <c>saelens</c>; the name of its trainer where it was never stored.</summary>
    public required string Format { get; init; }

    /// <summary>The file or folder, as the caller named it; empty where it was never stored.</summary>
    public string Path { get; init; } = string.Empty;

    /// <summary>The architecture as the file calls it, such as <c>batchtopk</c>, or null.</summary>
    public string? Architecture { get; init; }

    /// <summary>The site whose activations are encoded, or null where the file names none or one that is not known here.</summary>
    public Site? InputSite { get; init; }

    /// <summary>The site that the decoder writes: the input site for an autoencoder, another one for a transcoder; or null.</summary>
    public Site? OutputSite { get; init; }

    /// <summary>The hook that is encoded, as the file names it, or null.</summary>
    public string? HookName { get; init; }

    /// <summary>The language model, as the file names it, or null.</summary>
    public string? ModelName { get; init; }

    /// <summary>The model and source of its dashboards at Neuronpedia, such as <c>gpt2-small/5-res_post_32k-oai</c>, or null.</summary>
    public string? NeuronpediaId { get; init; }

    /// <summary>Whether its training texts started with a token that begins a text, or null where the file does not say.</summary>
    public bool? PrependsBeginning { get; init; }

    /// <summary>Tokens in a context of its training, or null.</summary>
    public int? ContextSize { get; init; }
}
