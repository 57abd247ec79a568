namespace CircuitLasso.Models;

/// <summary>Adds nothing (type "ByteLevel"): in Hugging Face's tokenizers it only trims offsets, and offsets here always cover the whole token.</summary>
internal sealed class ByteLevelPostProcessor : IPostProcessor
{
    /// <inheritdoc/>
    public IReadOnlyList<int> Before => [];

    /// <inheritdoc/>
    public IReadOnlyList<int> After => [];

    /// <summary>Reads the component.</summary>
    public static IPostProcessor Read(JsonSection component) => new ByteLevelPostProcessor();
}
