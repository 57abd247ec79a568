using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Which files of a repository are needed. Immutable.</summary>
public abstract class HubSelection
{
    private protected HubSelection()
    {
    }

    /// <summary>A language model: its configuration, its tokenizer's files, and its weights as safetensors, in one file or in the shards of an index.</summary>
    public static HubSelection Model { get; } = new HubModelSelection();

    /// <summary>A sparse autoencoder: the weights that the path leads to, and the configuration beside them.</summary>
    public static HubSelection Autoencoder { get; } = new HubAutoencoderSelection();

    /// <summary>Files by patterns of their paths: <c>*</c> stands for any characters, <c>?</c> for one, and a folder's name with a final <c>/</c> for all in it.</summary>
    /// <param name="patterns">The patterns; a file that matches one is taken.</param>
    public static HubSelection Matching(IReadOnlyList<string> patterns) => new HubPatternSelection(patterns);

    /// <summary>Files that are looked for, so that their absence is worth keeping in mind.</summary>
    internal virtual IReadOnlyList<string> Optional => [];

    /// <summary>Chooses files.</summary>
    /// <param name="name">What was asked for.</param>
    /// <param name="listing">What there is.</param>
    /// <param name="read">Downloads a file that says which others are needed, and returns where it lies.</param>
    /// <exception cref="InputException">What is needed is not there.</exception>
    internal abstract Task<IReadOnlyList<HubFile>> SelectAsync(HubName name, HubListing listing, Func<HubFile, Task<string>> read);

    /// <summary>The path to use where a snapshot of the cache holds all that is needed, or null.</summary>
    internal abstract string? FindIn(string snapshot, HubName name);
}
